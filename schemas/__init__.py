"""What everyone agrees on: shapes and meanings. Knows no other package."""

from schemas.compiled import use_bodies

use_bodies()
