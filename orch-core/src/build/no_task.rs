//! A type where a task is wanted.
//!
//! A step `Id(3)` may be a task, or a type of the user's. For a name that is written as a type's the expansion brings one of these
//! traits into scope, so that `call` and `slot` are found on every type. A task has them itself, and those are preferred. Of another
//! type they make the call of a task that there is not, of which [`IsATask`] says so.

use crate::build::slot::NoSlot;
use crate::build::spot::Spot;
use crate::leaf::Leaf;
use crate::task::{Call, Task};

/// It is a task, called with the arguments `Args`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no task, but a type",
    label = "not a function with `#[task]`",
    note = "a value of a type is made in an inline step, `|x| {{ … }}`"
)]
#[doc(hidden)]
pub trait IsATask<Args = ()> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, Args)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Task<Args>, Args> IsATask<Args> for T {}

/// Where it is judged.
pub fn place<F, T, Args, N>(_leaf: &Leaf<F, T, Args, N>) -> Spot<(T, Args)> {
    Spot::new()
}

macro_rules! no_task {
    ($($name:ident($($given:ident),*))*) => {$(
        /// What stands for the functions of a task that is given so many arguments.
        pub trait $name: Sized {
            /// Never called.
            fn call<$($given),*>($(_: $given),*) -> Call<Self, ()> {
                unreachable!("it is no task")
            }

            /// Never called.
            fn slot() -> NoSlot<Self, ()> {
                NoSlot::new()
            }
        }

        impl<T> $name for T {}
    )*};
}

no_task! {
    NoTask0()
    NoTask1(A)
    NoTask2(A, B)
    NoTask3(A, B, C)
    NoTask4(A, B, C, D)
    NoTask5(A, B, C, D, E)
    NoTask6(A, B, C, D, E, F)
    NoTask7(A, B, C, D, E, F, G)
}
