"""The kinds of act of this area, as policies name them."""

from services.kernel.authority import declare_kind

STATUS_REPORT_DRAFT = declare_kind(
    "status_report.draft", "propose", "Draft a status report", "Skrive utkast til statusrapport"
)
STATUS_REPORT_SIGN = declare_kind("status_report.sign", "decide", "Sign a status report", "Signere en statusrapport")
STATUS_REPORT_PUBLISH = declare_kind(
    "status_report.publish", "decide", "Publish a status report", "Publisere en statusrapport"
)
