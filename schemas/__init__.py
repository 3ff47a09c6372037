"""What everyone agrees on: shapes and meanings. Knows no other package."""
