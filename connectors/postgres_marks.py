"""How a source knows in a PostgreSQL database's WAL what our own sink has written there.

By the replication origin of its sessions, where the role may set one, which only a superuser can grant; and by a
message that begins each of its transactions, which any role may write and PostgreSQL 14 and newer show.
"""

from typing import Final

#: Replication origin of our writes, also for other tools that read the WAL.
ORIGIN: Final = "lienthong"
#: A session has an origin to itself: sinks of other entities take the next one.
ORIGINS: Final = (ORIGIN, *(f"{ORIGIN}_{number}" for number in range(2, 10)))
#: Prefix of the message.
MESSAGE: Final = "lienthong/sink"
