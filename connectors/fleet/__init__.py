"""The connectors of many systems on one machine: each a process, forked from one that has imported everything."""
