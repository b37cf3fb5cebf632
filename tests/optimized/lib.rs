//! A test and a benchmark, which are built with optimisation.
