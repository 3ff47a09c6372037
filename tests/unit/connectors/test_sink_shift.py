"""A stream that ends by itself ends the process, for whoever looks after that starts it again."""

from threading import Thread

import pytest

from connectors.delivery.control import Control
from connectors.delivery.shift import DeliveryEnded, Shift


def test_a_stream_that_is_gone_is_not_done_without() -> None:
    shift, thread = object.__new__(Shift), Thread(target=lambda: None, name="to.dich.person/0")
    shift._control = Control()
    thread.start()
    thread.join()
    with pytest.raises(DeliveryEnded, match=r"to\.dich\.person/0"):
        shift._look_at([thread])
    shift._control.stop_all()
    shift._look_at([thread])
