"""`python -m gradstudy`, and the command `gradstudy`."""

from gradstudy.stopping import caught


def enter() -> None:
    """Carries out the command line, with an answer to Ctrl-C from the first moment on: imports take seconds."""
    with caught():
        from gradstudy.cli import main

        main()


if __name__ == "__main__":
    enter()
