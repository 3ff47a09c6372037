"""What a renderable looks like on a terminal of a given width, without colours."""

from io import StringIO

from rich.console import Console, RenderableType


def printed(renderable: RenderableType, *, width: int = 100) -> str:
    """The text of the screen."""
    screen = Console(file=StringIO(), width=width, highlight=False, color_system=None)
    screen.print(renderable)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()
