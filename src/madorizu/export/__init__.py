"""Files for other programs, each from the plan or the house alone.

    from madorizu import export
    export.export(house, ["pdf", "dxf", "xlsx"], "out")

One module per format (`formats`); none knows another. What they share: `subject` (what is exported and
how), `placing` (storeys as primitives of `draw`), `flat` and `cad` (drawings without paint,
for DXF), `solids` (the house in three dimensions) with `mesh` and `ifc_model`, `words` and
`schedule` (names and areas), `letters` (what formats cannot write), `carried` (the plan within a file).
"""

from madorizu.export.formats import (
    FORMATS,
    Done,
    Format,
    Job,
    check_formats,
    export,
    export_or_tell,
    file_stem,
    rendered,
    write,
)
from madorizu.export.letters import letter_findings
from madorizu.export.reading import read
from madorizu.export.schema import schema
from madorizu.export.subject import PAPERS_MM, SCALES, Settings, Subject, subject

__all__ = [
    "FORMATS",
    "PAPERS_MM",
    "SCALES",
    "Done",
    "Format",
    "Job",
    "Settings",
    "Subject",
    "check_formats",
    "export",
    "export_or_tell",
    "file_stem",
    "letter_findings",
    "read",
    "rendered",
    "schema",
    "subject",
    "write",
]
