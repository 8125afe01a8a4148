from gradstudy.versions import joined, versions_here


def test_the_versions_that_decide_a_number_are_named():
    here = versions_here()
    assert here["python"].startswith("3.")
    assert {"machine", "torch", "numpy", "scipy", "optuna", "mlflow"} <= here.keys()


def test_a_study_that_was_continued_names_all_versions_that_measured_it():
    first = {"torch": "2.12.0", "numpy": "2.4.6", "gone": "1"}
    again = joined(first, {"torch": "2.13.0", "numpy": "2.4.6", "scipy": "1.17.1"})
    assert again == {"torch": "2.12.0, 2.13.0", "numpy": "2.4.6", "gone": "1", "scipy": "1.17.1"}
    assert joined(again, {"torch": "2.12.0"}) == again
    assert joined({}, first) == first
