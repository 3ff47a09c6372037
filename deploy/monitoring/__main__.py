"""`python -m deploy.monitoring`: write anew what is made from code."""

import sys

from deploy.monitoring.made import made


def main() -> int:
    """Tells each file that is now another one."""
    for path, text in made().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
