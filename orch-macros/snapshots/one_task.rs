// fetch(10)

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 1usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 1u32,
                },
            },
        ];
        #[allow(unused_imports)]
        use orch::methods::*;
        #[allow(unused_braces)]
        let __orch_header = {
            struct ThisPipeline;
            impl orch::Table for ThisPipeline {
                #[inline(always)]
                fn entries() -> &'static [orch::Meta] {
                    &__ASYNC_ORCH_NODES
                }
            }
            orch::Root::<ThisPipeline>::new()
        };
        #[allow(unused_braces)]
        let __orch_tok = {
            let __orch_tok = orch::begin::<(), orch::BoxError, _>(&__orch_header);
            __orch_tok
        };
        #[allow(unused_braces, unused_parens)]
        let __orch_root = {
            let __orch_step3 = __orch_tok
                .leaf(orch::NodeAt::<0>, |_, _| { <fetch>::call(10) });
            let (__orch_gate1, __orch_place2) = __orch_tok.call(__orch_step3);
            orch::wanted::CanBeGiven::__orch_holds({ __orch_gate1.__orch_output() });
            orch::wanted::CanBeFailedWith::__orch_holds({
                __orch_gate1.__orch_failure()
            });
            let (__orch_gate1, __orch_place2) = __orch_gate1.pass({ __orch_place2 });
            orch::wanted::IntoBoxError::__orch_holds({ __orch_place2 });
            __orch_gate1.__orch_known()
        };
        {
            #[inline(always)]
            fn pipeline<P, In, Out, Error, Asks>(
                plan: P,
            ) -> orch::Pipeline<
                impl orch::Run<
                    In = In,
                    Out = Out,
                    Error = Error,
                    Asks = Asks,
                > + orch::shown::Unboxed,
            >
            where
                P: orch::Run<In = In, Out = Out, Error = Error, Asks = Asks>
                    + orch::shown::Unboxed,
            {
                orch::pipeline(plan)
            }
            pipeline(orch::Plan::of(__orch_header, __orch_tok, __orch_root))
        }
    };
}
