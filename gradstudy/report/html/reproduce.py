"""How is the study run again, looked at again, and gone on with?"""

import json

from markupsafe import Markup

from gradstudy.report.findings import Findings
from gradstudy.report.html.rendering import render


def reproduce_section(findings: Findings) -> Markup:
    """The commands, the seeds, the versions that measured it, and where everything is stored."""
    info = findings.info
    return render(
        "reproduce.html",
        info=info,
        store=findings.store,
        ui_command=findings.ui_command,
        again=f"{info.command} mode=report",
        notebook=f"import gradstudy\nrun = gradstudy.load_study({json.dumps(info.name, ensure_ascii=False)})",
        trial=int(findings.members["trial"].iloc[0]),
    )
