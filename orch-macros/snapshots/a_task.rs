// /// Fetches a record.
// async fn fetch<T: Into<u32> + Send + 'static>(client: Arc<Client>, id: T) -> Result<String, std::io::Error> {
//     client.get(id.into()).await
// }

/// Fetches a record.
async fn fetch<T: Into<u32> + Send + 'static>(
    client: Arc<Client>,
    id: T,
) -> Result<String, std::io::Error> {
    client.get(id.into()).await
}
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unnameable_types,
    unreachable_pub,
    clippy::empty_structs_with_brackets,
    clippy::exhaustive_structs,
    clippy::redundant_pub_crate
)]
struct fetch {}
#[allow(clippy::all, clippy::pedantic)]
#[automatically_derived]
impl fetch {
    #[doc(hidden)]
    pub const __ORCH_NAME: &'static core::primitive::str = "fetch";
    pub fn call<T: Into<u32> + Send + 'static + core::marker::Send>(
        __orch_value0: Arc<Client>,
        __orch_value1: T,
    ) -> orch::task::Call<
        Self,
        (core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T),
    > {
        orch::task::Call::new((core::marker::PhantomData, __orch_value0, __orch_value1))
    }
    pub fn slot<T>() -> orch::slot::Slots<
        Self,
        (core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T),
    > {
        <orch::slot::Slots<
            Self,
            (core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T),
        >>::new()
    }
}
#[allow(clippy::all, clippy::pedantic)]
const _: () = {
    use orch::select::{PrintedDebug as _, PrintedOpaque as _};
    #[automatically_derived]
    impl<
        T: Into<u32> + Send + 'static + core::marker::Send,
    > orch::task::Task<(core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T)>
    for fetch {
        const NAME: &'static core::primitive::str = "fetch";
        type Out = String;
        type Error = std::io::Error;
        type Asks = orch::Undurable<orch::No, Self>;
        #[inline(always)]
        fn call(
            __orch_args: (core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T),
            __orch_inside: core::option::Option<orch::Inside<'_>>,
        ) -> impl core::future::Future<
            Output = core::result::Result<Self::Out, orch::ErrorKind<Self::Error>>,
        > + core::marker::Send {
            let (_, __orch_value0, __orch_value1) = __orch_args;
            orch::task::Fallible::<
                _,
                String,
                std::io::Error,
            >::new(fetch::<T>(__orch_value0, __orch_value1))
        }
        fn debug(__orch_out: &Self::Out) -> core::option::Option<&dyn core::fmt::Debug> {
            (&&orch::select::Printed(__orch_out)).__orch_printed()
        }
    }
    #[automatically_derived]
    impl<
        T: Into<u32> + Send + 'static + core::marker::Send,
        __OrchError,
    > orch::task::Fails<
        (core::marker::PhantomData<fn() -> (T,)>, Arc<Client>, T),
        __OrchError,
    > for fetch
    where
        std::io::Error: orch::task::IntoFailure<__OrchError>,
    {
        fn convert(__orch_error: Self::Error) -> __OrchError {
            orch::task::IntoFailure::into_failure(__orch_error)
        }
    }
};
