//! Who sees a task, and what it may give whom.
#![allow(unreachable_pub)]

mod private_error;
mod private_output;
mod private_parameter;
mod re_export;
mod restricted;
mod traits;
