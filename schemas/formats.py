"""What outlives a process says in which format it was written. Older formats are read; newer ones are refused."""


def newer(what: str, *, found: int, known: int) -> str:
    """For people, why it cannot be used; empty where it can. What says no format is of the first."""
    if found <= known:
        return ""
    return (
        f"{what} is in format {found}, which a newer version has written; this one knows up to {known}: "
        "install the newer version here, too, or see CHANGELOG.md for the way back"
    )
