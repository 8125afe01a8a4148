"""What a page looks like and does: its style sheets and scripts."""

from importlib.resources import files

from markupsafe import Markup


def assets(ending: str) -> Markup:
    """All files of this package that end so (`.css`, `.js`), as one text; those of the page itself come first."""
    found = [file for file in files(__package__).iterdir() if file.name.endswith(ending)]
    found.sort(key=lambda file: (not file.name.startswith("page."), file.name))
    return Markup("\n".join(file.read_text("utf-8") for file in found))
