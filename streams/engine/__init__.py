"""Kafka batches for Faust agents: a transactional micro-batch engine on librdkafka and RocksDB. See README.md.

Nothing is imported here: whoever only wants to know what a record is need not wait for Faust.
"""
