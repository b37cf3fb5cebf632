// |order: Order|
// saga <
//     let key = reserve(order.item) undo put_back
//     choose(order.kind) <
//         Kind::Gift => wrap(key.clone()),
//         Kind::Parcel(weight) if (*weight > 10) => carry(*weight),
//         _ => post(key.clone()),
//     >
// >

fn expansion() {
    let pipeline = {
        static __ASYNC_ORCH_NODES: [orch::Meta; 8usize] = [
            orch::Meta {
                index: 0u32,
                parent: core::option::Option::None,
                kind: orch::NodeKind::Block("saga"),
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 3u32,
                    column: 9u32,
                },
            },
            orch::Meta {
                index: 1u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::Some(<reserve>::__ORCH_NAME),
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 4u32,
                    column: 23u32,
                },
            },
            orch::Meta {
                index: 2u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[1]),
                kind: orch::NodeKind::Block("undo"),
                form: orch::Form::Afterwards,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 4u32,
                    column: 43u32,
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
                    line: 4u32,
                    column: 48u32,
                },
            },
            orch::Meta {
                index: 4u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[0]),
                kind: orch::NodeKind::Block("choose"),
                form: orch::Form::Choice,
                name: core::option::Option::None,
                options: &[("", "order.kind")],
                place: orch::Place {
                    file: core::file!(),
                    line: 5u32,
                    column: 13u32,
                },
            },
            orch::Meta {
                index: 5u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[4]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 6u32,
                    column: 31u32,
                },
            },
            orch::Meta {
                index: 6u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[4]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 7u32,
                    column: 59u32,
                },
            },
            orch::Meta {
                index: 7u32,
                parent: core::option::Option::Some(&__ASYNC_ORCH_NODES[4]),
                kind: orch::NodeKind::Task,
                form: orch::Form::Row,
                name: core::option::Option::None,
                options: &[],
                place: orch::Place {
                    file: core::file!(),
                    line: 8u32,
                    column: 22u32,
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
            let __orch_tok = orch::begin::<Order, orch::BoxError, _>(&__orch_header);
            let __orch_tok = {
                let (__orch_gate53, __orch_place54) = __orch_tok.input();
                orch::wanted::CanBeInput::__orch_holds({ __orch_place54 });
                __orch_gate53.pass({ __orch_place54 }).__orch_known()
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
            let __orch_step51 = {
                let __orch_undo17;
                let __orch_tok4 = orch::saga::enter(&__orch_tok1);
                let __orch_step18 = {
                    let __orch_step8 = {
                        let __orch_step7 = __orch_tok4
                            .leaf(
                                orch::NodeAt::<1>,
                                |__orch_scope, _| {
                                    #[allow(unused_variables)]
                                    let order = __orch_scope.0.1;
                                    <reserve>::call(order.item)
                                },
                            );
                        let (__orch_gate5, __orch_place6) = __orch_tok4
                            .call(__orch_step7);
                        orch::wanted::CanBeGiven::__orch_holds({
                            __orch_gate5.__orch_output()
                        });
                        orch::wanted::CanBeFailedWith::__orch_holds({
                            __orch_gate5.__orch_failure()
                        });
                        let (__orch_gate5, __orch_place6) = __orch_gate5
                            .pass({ __orch_place6 });
                        orch::wanted::IntoBoxError::__orch_holds({ __orch_place6 });
                        __orch_gate5.__orch_known()
                    };
                    let __orch_tok9 = {
                        let (__orch_gate10, __orch_place11) = __orch_tok4
                            .duplicate({ &__orch_step8 });
                        orch::wanted::CanBeCloned::__orch_holds({ __orch_place11 });
                        __orch_gate10.pass({ __orch_place11 }).__orch_known()
                    };
                    let __orch_keep12 = __orch_tok9
                        .keeps(
                            &__orch_step8,
                            |__orch_scope, __orch_out| {
                                #[allow(unused_variables)]
                                let key = __orch_out;
                                ((orch::saga::output(__orch_out), ()), ())
                            },
                        );
                    let __orch_tok13 = __orch_tok1.undoing(&__orch_keep12);
                    __orch_undo17 = __orch_tok13
                        .undo(
                            &__ASYNC_ORCH_NODES[2],
                            0u32,
                            orch::saga::When::Failed,
                            {
                                let __orch_step16 = __orch_tok13
                                    .leaf(
                                        orch::NodeAt::<3>,
                                        |_, (__orch_input, ())| {
                                            orch::wanted::FlowsInto::flow({
                                                <put_back>::slot().meets(__orch_input)
                                            })
                                        },
                                    );
                                let (__orch_gate14, __orch_place15) = __orch_tok13
                                    .task(__orch_step16);
                                orch::wanted::Task::__orch_holds({ __orch_place15 });
                                orch::wanted::CanBeGiven::__orch_holds({
                                    __orch_gate14.__orch_output()
                                });
                                orch::wanted::CanBeFailedWith::__orch_holds({
                                    __orch_gate14.__orch_failure()
                                });
                                let (__orch_gate14, __orch_place15) = __orch_gate14
                                    .pass({ __orch_place15 });
                                orch::wanted::IntoBoxError::__orch_holds({
                                    __orch_place15
                                });
                                __orch_gate14.__orch_known()
                            },
                        );
                    orch::saga::undone(
                        __orch_step8,
                        __orch_tok4.log(|_, __orch_scope| __orch_scope.1),
                        __orch_keep12,
                        &__orch_undo17,
                    )
                };
                let __orch_tok20 = {
                    let (__orch_gate21, __orch_place22) = __orch_tok4
                        .kept({ &__orch_step18 });
                    orch::wanted::CanBeKept::__orch_holds({ __orch_place22 });
                    __orch_gate21.pass({ __orch_place22 }).__orch_known()
                };
                let __orch_tok19 = __orch_tok20.bound({ &__orch_step18 });
                let __orch_step48 = {
                    let __orch_look23 = {
                        let __orch_value24 = __orch_tok19
                            .looks(|__orch_scope, _| {
                                #[allow(unused_variables)]
                                let order = __orch_scope.0.0.1;
                                #[allow(
                                    unused_variables,
                                    clippy::blocks_in_conditions,
                                    clippy::match_single_binding
                                )]
                                let __orch_chosen = match &order.kind {
                                    Kind::Gift => 0,
                                    Kind::Parcel(weight) if (*weight > 10) => 1,
                                    _ => 2,
                                };
                                (__orch_chosen, ())
                            });
                        if false {
                            let __orch_reference = __orch_value24.__orch_closure();
                            let _: &(dyn core::marker::Send) = { __orch_reference };
                        }
                        __orch_value24
                    };
                    let (__orch_tok25, __orch_feed26) = __orch_tok19.ignores();
                    let __orch_child27 = {
                        let __orch_step30 = __orch_tok25
                            .leaf(
                                orch::NodeAt::<5>,
                                |__orch_scope, _| {
                                    #[allow(unused_variables)]
                                    let key = __orch_scope.1;
                                    <wrap>::call(key.clone())
                                },
                            );
                        let (__orch_gate28, __orch_place29) = __orch_tok25
                            .call(__orch_step30);
                        orch::wanted::CanBeGiven::__orch_holds({
                            __orch_gate28.__orch_output()
                        });
                        orch::wanted::CanBeFailedWith::__orch_holds({
                            __orch_gate28.__orch_failure()
                        });
                        let (__orch_gate28, __orch_place29) = __orch_gate28
                            .pass({ __orch_place29 });
                        orch::wanted::IntoBoxError::__orch_holds({ __orch_place29 });
                        __orch_gate28.__orch_known()
                    };
                    let __orch_first31 = __orch_tok25.output({ &__orch_child27 });
                    let __orch_child27 = orch::choose::arm(
                        "Kind::Gift",
                        __orch_feed26,
                        __orch_child27,
                    );
                    let (__orch_tok32, __orch_feed33) = __orch_tok19.ignores();
                    let __orch_child34 = {
                        let __orch_step37 = __orch_tok32
                            .leaf(
                                orch::NodeAt::<6>,
                                |__orch_scope, _| {
                                    #[allow(unused_variables)]
                                    let order = __orch_scope.0.0.1;
                                    #[allow(unused_variables, irrefutable_let_patterns)]
                                    let Kind::Parcel(weight) = &order.kind else {
                                        core::unreachable!()
                                    };
                                    <carry>::call(*weight)
                                },
                            );
                        let (__orch_gate35, __orch_place36) = __orch_tok32
                            .call(__orch_step37);
                        orch::wanted::CanBeGiven::__orch_holds({
                            __orch_gate35.__orch_output()
                        });
                        orch::wanted::CanBeFailedWith::__orch_holds({
                            __orch_gate35.__orch_failure()
                        });
                        let (__orch_gate35, __orch_place36) = __orch_gate35
                            .pass({ __orch_place36 });
                        orch::wanted::IntoBoxError::__orch_holds({ __orch_place36 });
                        __orch_gate35.__orch_known()
                    };
                    let __orch_child34 = {
                        let (__orch_gate38, __orch_place39) = __orch_tok32
                            .one(&__orch_first31, __orch_child34);
                        orch::wanted::GivesOneType::__orch_holds({ __orch_place39 });
                        __orch_gate38.pass({ __orch_place39 }).__orch_known()
                    };
                    let __orch_child34 = orch::choose::arm(
                        "Kind::Parcel(weight) if (*weight > 10)",
                        __orch_feed33,
                        __orch_child34,
                    );
                    let (__orch_tok40, __orch_feed41) = __orch_tok19.ignores();
                    let __orch_child42 = {
                        let __orch_step45 = __orch_tok40
                            .leaf(
                                orch::NodeAt::<7>,
                                |__orch_scope, _| {
                                    #[allow(unused_variables)]
                                    let key = __orch_scope.1;
                                    <post>::call(key.clone())
                                },
                            );
                        let (__orch_gate43, __orch_place44) = __orch_tok40
                            .call(__orch_step45);
                        orch::wanted::CanBeGiven::__orch_holds({
                            __orch_gate43.__orch_output()
                        });
                        orch::wanted::CanBeFailedWith::__orch_holds({
                            __orch_gate43.__orch_failure()
                        });
                        let (__orch_gate43, __orch_place44) = __orch_gate43
                            .pass({ __orch_place44 });
                        orch::wanted::IntoBoxError::__orch_holds({ __orch_place44 });
                        __orch_gate43.__orch_known()
                    };
                    let __orch_child42 = {
                        let (__orch_gate46, __orch_place47) = __orch_tok40
                            .one(&__orch_first31, __orch_child42);
                        orch::wanted::GivesOneType::__orch_holds({ __orch_place47 });
                        __orch_gate46.pass({ __orch_place47 }).__orch_known()
                    };
                    let __orch_child42 = orch::choose::arm(
                        "_",
                        __orch_feed41,
                        __orch_child42,
                    );
                    orch::choose::choose(
                        &__orch_tok19,
                        &__ASYNC_ORCH_NODES[4],
                        orch::choose::Options {
                            error: __orch_tok19.error(),
                            scrutinee: orch::choose::given::scrutinee(__orch_look23),
                        },
                        orch::choose::fork(
                            orch::choose::fork(__orch_child27, __orch_child34),
                            __orch_child42,
                        ),
                    )
                };
                let __orch_tok49 = __orch_tok19.after({ &__orch_step48 });
                let __orch_body50 = (
                    orch::seq::Bind(__orch_tok20.pass(__orch_step18)),
                    orch::seq::Pipe(__orch_step48),
                );
                orch::saga::saga(
                    &__orch_tok1,
                    &__ASYNC_ORCH_NODES[0],
                    orch::saga::Options {
                        collect: orch::saga::default::collect(),
                    },
                    __orch_body50,
                    orch::saga::listed(&__orch_undo17, ()),
                    orch::saga::alone(),
                )
            };
            let __orch_tok52 = __orch_tok1.after({ &__orch_step51 });
            orch::seq::Sequence((orch::seq::BindInput, orch::seq::Pipe(__orch_step51)))
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
