"""What people see: the `lienthong` command."""
