"""The parts of `lienthong reconcile`: what a target should hold, what it holds, and how the two are made equal."""
