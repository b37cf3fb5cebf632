//! Patterns of parameters, names, inputs and inline steps.

mod bindings;
mod inputs;
mod parameters;
