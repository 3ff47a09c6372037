"""Mistakes that are planted into the product, in tests only, to see that the checkers see them.

One function a mistake, which takes a MonkeyPatch and bends the product with it; one check a mistake, the cheapest that
can see it, which is quiet as long as nothing is planted. The list is in bugs.py; the product has no part in it.
"""

from schemas.compiled import use_sources

use_sources()
