"""`python -m deploy.audit.holes`: asks PyPI for known holes in what the locks name.

Exit codes: 0 none is known; 1 some are, or pip-audit failed: it has said why; 3 nobody could be asked, which is no
answer.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from deploy.audit.sbom import pinned

_PYPI: Final = "https://pypi.org"
_LOCK: Final = Path(__file__).resolve().parents[1] / "locks" / "run.txt"
_PIP_AUDIT: Final = "pip-audit==2.10.1"
_ANSWER_SECONDS: Final = 20.0
NOT_ASKED: Final = 3


def why_not_to_be_asked(index: str = _PYPI) -> str:
    """Why this machine gets no answer about holes; empty where it does. One package tells: a mirror has all or none."""
    name, version = next(pinned())
    address = f"{index}/pypi/{name}/{version}/json"
    try:
        with urllib.request.urlopen(address, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - https, or a test's http
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        return f"it answers {error.code} when asked about {name} {version}"
    except (urllib.error.URLError, OSError) as error:
        return f"it cannot be reached ({getattr(error, 'reason', error)})"
    except ValueError:
        return "what it answers is not JSON"
    return "" if "vulnerabilities" in body else "it keeps packages, and nothing about holes in them"


def main() -> int:
    """The exit code."""
    if reason := why_not_to_be_asked():
        sys.stderr.write(
            f"known holes were NOT looked for: of {_PYPI}, {reason}.\n"
            "The bill of materials is complete all the same. Run `make audit` where PyPI itself is reached, or\n"
            "give build/sbom.json to a scanner with data of its own: `grype sbom:build/sbom.json`, `trivy sbom …`.\n"
        )
        return NOT_ASKED
    options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
    uvx = Path(sys.executable).with_name("uvx")
    argv = [str(uvx), "--from", _PIP_AUDIT, "pip-audit", *options, "-r", str(_LOCK)]
    return 1 if subprocess.run(argv, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
