"""What happens to a change between its source and its subscribers."""

import schemas  # noqa: F401 - it finds the compiled bodies of these modules
