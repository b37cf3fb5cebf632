// Nor behind a reference.

use async_orch::{BoxError, Run};

fn start(_flow: &dyn Run<In = u32, Out = u32, Error = BoxError>) {}

fn main() {}
//~ fn start(_flow: &dyn Run<In = u32, Out = u32, Error = BoxError>) {}
//~                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
