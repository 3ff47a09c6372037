"""Where one record is, and why not elsewhere: its journey, put together from Kafka and the store."""
