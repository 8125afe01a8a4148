"""How the study is run again, looked at again, and gone on with."""

from markupsafe import Markup

from gradstudy.report.findings import Findings
from gradstudy.report.rendering import render
from gradstudy.words.command_words import again_command, load_call


def reproduce_section(findings: Findings) -> Markup:
    """The commands, the seeds, the versions that measured it, and where everything is stored."""
    info = findings.run.info
    return render(
        "reproduce.html",
        info=info,
        store=findings.run.store,
        ui_command=findings.run.ui_command,
        again=again_command(info),
        notebook=f"import gradstudy\nrun = {load_call(info)}",
        trial=int(findings.run.members["trial"].iloc[0]),
    )
