"""Writes reference/where_is.md: what is typed here for the words of other libraries, from the tables that messages use.

A hook of MkDocs.
"""

from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from gradstudy.configs.aliases import ALIASES
from gradstudy.configs.elsewhere import RENAMED, WAYS
from gradstudy.configs.grammar import OTHER_FORMS

PAGE = "reference/where_is.md"
HEAD = """# Where is …?

What PyTorch, Keras, Lightning, Hydra and Optuna call otherwise. Whoever types a word of theirs is told the same.

## Other names of options

These are taken for the option, on the command line, in a study's `defaults` and inside of `choice(...)`; what is stored
is the name here. Case, `-` and `_` tell no names apart: `LeakyReLU` is `leaky_relu`. An option of your own goes before.

| option | is also |
|---|---|"""
KEYS_HEAD = """
## Keys and datasets

`VALUE` stands for what was given, `name=#` for a group that was given a number, `name=[]` for a key that was given a
list.

| typed elsewhere | here | |
|---|---|---|"""
RENAMED_HEAD = """
These keys are taken for others, as long as no option of yours has them:

| key | is |
|---|---|"""
FORMS_HEAD = """
## Ranges

| elsewhere | here |
|---|---|"""
TEXT = """
## Text, paths and numbers

Text needs no quotes of Hydra's: `task.target=Größe`, `task.path=~/data/b.csv`, `'task.path=my data (1)/b.csv'` (the
outer quotes are the shell's) and `+study=größe` are read as they stand. A comma gives several values, so text with one
has quotes inside of quotes: `question='"Is it so, really?"'`. Numbers have a point: `0.1`, `1e-3`; no `0,1`, `10^-3`,
`1k` or `50%`.

In a study file a group's option stands in `defaults: [override /model: mlp]`, its values under the group
(`model: {depth: 3}`), and what varies in `space` under its whole name (`init.gain: interval(0.5, 2)`). What one file
or one command both varies and fixes is refused; the command line may fix what a file varies, which is said."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of the site, and with them the one that is written here."""
    files.append(File.generated(config, PAGE, content="\n".join(_page())))
    return files


def _page() -> Iterator[str]:
    yield HEAD
    for group, names in ALIASES.items():
        yield from (f"| `{group}={option}` | {_listed(others)} |" for option, others in names.items())
    yield KEYS_HEAD
    yield from (f"| {_listed(way.names)} | `{way.overrides}` | {way.why} |" for way in WAYS)
    yield RENAMED_HEAD
    yield from (f"| `{key}` | {_listed(' '.join(names))} |" for key, names in RENAMED.items())
    yield FORMS_HEAD
    yield from (f"| {_listed(names)} | `{form}(…{')' * form.count('(')})` |" for form, names in OTHER_FORMS.items())
    yield TEXT


def _listed(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split())
