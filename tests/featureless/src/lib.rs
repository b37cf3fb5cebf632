//! Nothing: what is tested are messages of the compiler.
