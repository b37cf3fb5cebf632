//! How the types of a pipeline grow.
