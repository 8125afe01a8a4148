"""One home per name: what is public in one module is nowhere else something different."""

import ast
from collections import defaultdict
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "gradstudy").rglob("*.py"))
OF_A_ROOM = {"__init__.py", "base.py"}
"""What every room may have: base.py holds the contract of its parts."""
ADVICE = "Give one of them a name of its own that says what it is, or merge the two."


def public_names(path: Path) -> set[str]:
    """What a module defines at its top, without an underscore."""
    body = ast.parse(path.read_text()).body
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assigned = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return {name for name in (*defined, *assigned) if not name.startswith("_")}


def named_by_configurations() -> dict[str, set[str]]:
    """The groups that name a class under `_target_`, by the whole path of the class."""
    groups = defaultdict(set)
    for option in (ROOT / "conf").rglob("*.yaml"):
        content = yaml.safe_load(option.read_text()) or {}
        if "_target_" in content:
            groups[content["_target_"]].add(option.parent.name)
    return groups


def test_a_public_name_has_one_home_unless_it_is_an_option_of_different_groups():
    homes = defaultdict(list)
    for path in FILES:
        for name in public_names(path):
            homes[name].append(".".join((*path.relative_to(ROOT).with_suffix("").parts, name)))
    groups = named_by_configurations()
    for name, found in homes.items():
        options = [group for home in found for group in groups.get(home, ())]
        of_different_groups = all(home in groups for home in found) and len(set(options)) == len(options)
        assert len(found) == 1 or of_different_groups, f"{name} has {len(found)} homes: {', '.join(found)}. {ADVICE}"


def test_a_file_name_occurs_once():
    homes = defaultdict(list)
    for path in FILES:
        homes[path.name].append(str(path.relative_to(ROOT)))
    for name, found in homes.items():
        assert len(found) == 1 or name in OF_A_ROOM, (
            f"{len(found)} files are called {name}: {', '.join(found)}. {ADVICE}"
        )
