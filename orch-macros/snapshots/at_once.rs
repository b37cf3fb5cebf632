// par(limit = 2) < fetch(1) seq < fetch(2) parse > { other } >

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 6usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Block("par"),
                form: orch::Form::Peers,
                name: core::option::Option::None,
                options: &[("limit", "2")],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 1u32,
                },
            },
            orch::Meta {
                index: 1u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 18u32,
                },
            },
            orch::Meta {
                index: 2u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Block("seq"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 27u32,
                },
            },
            orch::Meta {
                index: 3u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[2]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 33u32,
                },
            },
            orch::Meta {
                index: 4u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[2]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 42u32,
                },
            },
            orch::Meta {
                index: 5u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Embed,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 50u32,
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
            let (__orch_tok1, __orch_feed2) = __orch_tok.ignores();
            let __orch_child3 = {
                let __orch_step6 = __orch_tok1
                    .leaf(orch::NodeAt::<1>, |_, _| { <fetch>::call(1) });
                let (__orch_gate4, __orch_place5) = __orch_tok1.call(__orch_step6);
                orch::wanted::CanBeGiven::__orch_holds({ __orch_gate4.__orch_output() });
                orch::wanted::CanBeFailedWith::__orch_holds({
                    __orch_gate4.__orch_failure()
                });
                let (__orch_gate4, __orch_place5) = __orch_gate4.pass({ __orch_place5 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place5 });
                __orch_gate4.__orch_known()
            };
            let __orch_child3 = orch::par::child(__orch_feed2, __orch_child3);
            let (__orch_tok7, __orch_feed8) = __orch_tok.ignores();
            let __orch_child9 = {
                let __orch_step13 = {
                    let __orch_step12 = __orch_tok7
                        .leaf(orch::NodeAt::<3>, |_, _| { <fetch>::call(2) });
                    let (__orch_gate10, __orch_place11) = __orch_tok7
                        .call(__orch_step12);
                    orch::wanted::CanBeGiven::__orch_holds({
                        __orch_gate10.__orch_output()
                    });
                    orch::wanted::CanBeFailedWith::__orch_holds({
                        __orch_gate10.__orch_failure()
                    });
                    let (__orch_gate10, __orch_place11) = __orch_gate10
                        .pass({ __orch_place11 });
                    orch::wanted::IntoBoxError::__orch_holds({ __orch_place11 });
                    __orch_gate10.__orch_known()
                };
                let __orch_tok14 = __orch_tok7.after({ &__orch_step13 });
                let __orch_step18 = {
                    let __orch_step17 = __orch_tok14
                        .leaf(
                            orch::NodeAt::<4>,
                            |_, __orch_input| {
                                orch::wanted::FlowsInto::flow({
                                    <parse>::slot().meets(__orch_input)
                                })
                            },
                        );
                    let (__orch_gate15, __orch_place16) = __orch_tok14
                        .task(__orch_step17);
                    orch::wanted::Task::__orch_holds({ __orch_place16 });
                    orch::wanted::CanBeGiven::__orch_holds({
                        __orch_gate15.__orch_output()
                    });
                    orch::wanted::CanBeFailedWith::__orch_holds({
                        __orch_gate15.__orch_failure()
                    });
                    let (__orch_gate15, __orch_place16) = __orch_gate15
                        .pass({ __orch_place16 });
                    orch::wanted::IntoBoxError::__orch_holds({ __orch_place16 });
                    __orch_gate15.__orch_known()
                };
                let __orch_tok19 = __orch_tok14.after({ &__orch_step18 });
                let __orch_body20 = (
                    orch::seq::Pipe(__orch_step13),
                    orch::seq::Pipe(__orch_step18),
                );
                orch::seq::seq(
                    &__ASYNC_ORCH_NODES[2],
                    orch::seq::Options {
                        collect: orch::seq::default::collect(),
                    },
                    __orch_body20,
                )
            };
            let __orch_child9 = orch::par::child(__orch_feed8, __orch_child9);
            let (__orch_tok21, __orch_feed22) = __orch_tok.takes();
            let __orch_child23 = {
                let __orch_step28 = __orch_tok21
                    .embed(
                        &__ASYNC_ORCH_NODES[5],
                        {
                            let (__orch_gate24, __orch_place25) = orch::embedded({
                                other
                            });
                            orch::wanted::CanBeEmbedded::__orch_holds({
                                __orch_place25
                            });
                            __orch_gate24.pass({ __orch_place25 }).__orch_known()
                        },
                        |__orch_entry, __orch_input| orch::wanted::EntersThem::enter(
                            __orch_entry,
                            { __orch_input },
                            { orch::wanted::Braces },
                        ),
                    );
                let (__orch_gate26, __orch_place27) = __orch_tok21.step(__orch_step28);
                let (__orch_gate26, __orch_place27) = __orch_gate26
                    .pass({ __orch_place27 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place27 });
                __orch_gate26.__orch_known()
            };
            let __orch_child23 = orch::par::child(__orch_feed22, __orch_child23);
            orch::par::par(
                &__orch_tok,
                &__ASYNC_ORCH_NODES[0],
                orch::par::Options {
                    error: __orch_tok.error(),
                    values: __orch_tok
                        .once(
                            orch::par::Values {
                                limit: orch::par::given::limit((2,)),
                                settle: orch::par::default::drain_if_asked(),
                            },
                            &__ASYNC_ORCH_NODES[0],
                        ),
                },
                orch::par::fork(
                    orch::par::fork(__orch_child3, __orch_child9),
                    __orch_child23,
                ),
                |((__orch_out0, __orch_out1), __orch_out2)| (
                    __orch_out0,
                    __orch_out1,
                    __orch_out2,
                ),
            )
        };
        orch::Plan::of(__orch_header, __orch_tok, __orch_root).pipeline()
    };
}
