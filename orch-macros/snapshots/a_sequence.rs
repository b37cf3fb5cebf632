// |id: u32| seq(name = "ingest") < fetch(*id) parse save(dir.join(id.to_string()), _) >

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 4usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Block("seq"),
                form: orch::Form::Row,
                name: core::option::Option::Some("ingest"),
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 11u32,
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
                    column: 34u32,
                },
            },
            orch::Meta {
                index: 2u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 45u32,
                },
            },
            orch::Meta {
                index: 3u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 1u32,
                    column: 51u32,
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
            let __orch_tok = orch::begin::<u32, orch::BoxError, _>(&__orch_header);
            let __orch_tok = {
                let (__orch_gate21, __orch_place22) = __orch_tok.input();
                orch::wanted::CanBeInput::__orch_holds({ __orch_place22 });
                __orch_gate21.pass({ __orch_place22 }).__orch_known()
            };
            __orch_tok
        };
        #[allow(unused_braces, unused_parens)]
        let __orch_root = {
            let __orch_tok1 = {
                let (__orch_gate2, __orch_place3) = __orch_tok.kept_input();
                orch::wanted::CanBeKept::__orch_holds({ __orch_place3 });
                __orch_gate2.pass({ __orch_place3 }).__orch_known()
            }
                .named_input();
            let __orch_step7 = {
                let __orch_step6 = __orch_tok1
                    .leaf(
                        orch::NodeAt::<1>,
                        |__orch_scope, _| {
                            #[allow(unused_variables)]
                            let id = __orch_scope.1;
                            <fetch>::call(*id)
                        },
                    );
                let (__orch_gate4, __orch_place5) = __orch_tok1.call(__orch_step6);
                orch::wanted::CanBeGiven::__orch_holds({ __orch_gate4.__orch_output() });
                orch::wanted::CanBeFailedWith::__orch_holds({
                    __orch_gate4.__orch_failure()
                });
                let (__orch_gate4, __orch_place5) = __orch_gate4.pass({ __orch_place5 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place5 });
                __orch_gate4.__orch_known()
            };
            let __orch_tok8 = __orch_tok1.after({ &__orch_step7 });
            let __orch_step12 = {
                let __orch_step11 = __orch_tok8
                    .leaf(
                        orch::NodeAt::<2>,
                        |_, __orch_input| {
                            orch::wanted::FlowsInto::flow({
                                <parse>::slot().meets(__orch_input)
                            })
                        },
                    );
                let (__orch_gate9, __orch_place10) = __orch_tok8.task(__orch_step11);
                orch::wanted::Task::__orch_holds({ __orch_place10 });
                orch::wanted::CanBeGiven::__orch_holds({ __orch_gate9.__orch_output() });
                orch::wanted::CanBeFailedWith::__orch_holds({
                    __orch_gate9.__orch_failure()
                });
                let (__orch_gate9, __orch_place10) = __orch_gate9
                    .pass({ __orch_place10 });
                orch::wanted::IntoBoxError::__orch_holds({ __orch_place10 });
                __orch_gate9.__orch_known()
            };
            let __orch_tok13 = __orch_tok8.after({ &__orch_step12 });
            let __orch_step18 = {
                let __orch_step17 = __orch_tok13
                    .leaf(
                        orch::NodeAt::<3>,
                        |__orch_scope, __orch_input| {
                            #[allow(unused_variables)]
                            let id = __orch_scope.1;
                            <save>::call(
                                dir.join(id.to_string()),
                                {
                                    let __orch_hole14 = orch::slot::hole::<(save), _>();
                                    if false {
                                        __orch_hole14.parameter()
                                    } else {
                                        orch::wanted::FlowsInto::flow({
                                            __orch_hole14.meets(__orch_input)
                                        })
                                    }
                                },
                            )
                        },
                    );
                if false {
                    let __orch_reference = __orch_step17.__orch_closure();
                    let _: &(dyn core::marker::Send) = { __orch_reference };
                }
                let (__orch_gate15, __orch_place16) = __orch_tok13.call(__orch_step17);
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
            let __orch_tok19 = __orch_tok13.after({ &__orch_step18 });
            let __orch_body20 = (
                orch::seq::BindInput,
                orch::seq::Pipe(__orch_step7),
                orch::seq::Pipe(__orch_step12),
                orch::seq::Pipe(__orch_step18),
            );
            orch::seq::seq(
                &__ASYNC_ORCH_NODES[0],
                orch::seq::Options {
                    collect: orch::seq::default::collect(),
                },
                __orch_body20,
            )
        };
        orch::Plan::of(__orch_header, __orch_tok, __orch_root).pipeline()
    };
}
