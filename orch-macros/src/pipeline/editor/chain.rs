//! The chain of calls, step by step.

use orch_syntax::ast::{Arm, Block, Embed, Inline, Item, LetPiped, LetStep, Step, TaskPath, Value};
use orch_syntax::blocks::{Body, Join, Kind, Needs, Settles};
use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

use crate::editor::{Mark, place, placeless};
use crate::pipeline::expand::{Gives, gives, subject};

/// A chain that is being written.
pub(super) struct Chain<'c> {
    pub(super) private: &'c TokenStream,
    /// The error type, without a place.
    pub(super) error: TokenStream,
    /// Whether the header says it.
    has_error: bool,
    pub(super) mark: Option<&'c Mark>,
    code: TokenStream,
    /// What has a name at this point, outermost first.
    levels: Vec<Level>,
    /// The places of the tasks so far.
    tasks: Vec<String>,
}

/// What a pattern names.
struct Level {
    pattern: TokenStream,
    bound: Vec<String>,
}

impl<'c> Chain<'c> {
    /// A chain from where a pipeline begins.
    pub(super) fn begin(
        private: &'c TokenStream,
        input: &TokenStream,
        error: Option<&TokenStream>,
        mark: Option<&'c Mark>,
    ) -> Self {
        let has_error = error.is_some();
        let error = error.cloned().unwrap_or_else(|| quote!(#private::BoxError));
        Chain {
            private,
            error: placeless(error.clone()),
            has_error,
            mark,
            code: quote!(#private::editor::begin::<#input, #error>()),
            levels: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// What was written.
    pub(super) fn code(self) -> TokenStream {
        self.code
    }

    /// The whole pipeline, and the tasks that stand in a part of the text of which the tree has nothing.
    pub(super) fn whole(&mut self, root: &Step, paths: &[TaskPath]) {
        self.step(root);
        for path in paths {
            if !self.tasks.contains(&place_of(path)) {
                self.words(&path.tokens);
            }
        }
        self.words(&TokenStream::new());
    }

    /// The values of the header.
    pub(super) fn own(&mut self, names: &[Ident]) {
        if names.is_empty() {
            return;
        }
        let values = placeless(quote!((#(&#names,)*)));
        self.go(&quote!(.own(#values)));
        self.name(quote!((#(#names,)*)), names);
    }

    /// A name for what is piped.
    pub(super) fn named(&mut self, pattern: &Pattern, ty: Option<&TokenStream>) {
        if let Some(ty) = ty {
            self.go(&quote!(.says::<#ty>()));
        }
        self.go(&quote!(.named()));
        self.name(pattern.by_reference().clone(), pattern.identifiers());
    }

    /// One more call.
    pub(super) fn go(&mut self, call: &TokenStream) {
        self.code.extend(call.clone());
    }

    /// Code of the user's that sees the names.
    pub(super) fn seen(&mut self, code: &TokenStream) {
        let names = self.names();
        self.go(&quote!(.seen(|#names| { #code })));
    }

    /// The pattern of all names.
    pub(super) fn names(&self) -> TokenStream {
        self.levels.iter().fold(quote!(()), |outer, Level { pattern, .. }| quote!((#outer, #pattern)))
    }

    /// The same beside a parameter of these names, which hides others.
    fn names_beside(&self, parameter: &[Ident]) -> TokenStream {
        let hidden: Vec<String> = parameter.iter().map(ToString::to_string).collect();
        without(self.names(), &hidden, false)
    }

    fn name(&mut self, pattern: TokenStream, names: &[Ident]) {
        let bound: Vec<String> = names.iter().map(ToString::to_string).collect();
        // Hidden by the new ones.
        for level in &mut self.levels {
            level.pattern = without(level.pattern.clone(), &bound, false);
            level.bound.retain(|name| !bound.contains(name));
        }
        self.levels.push(Level { pattern, bound });
        // Where it is declared, even if nothing follows.
        self.seen(&TokenStream::new());
    }

    /// A place where a step may begin, with the words that begin it, if there are any: in the scope of the keywords.
    fn words(&mut self, words: &TokenStream) {
        let private = self.private;
        let is_raw = words.clone().into_iter().next().is_some_and(|word| word.to_string().starts_with("r#"));
        let keywords = (!is_raw).then(|| quote!(use #private::editor::keywords::*;));
        self.go(&quote!(.step({ #keywords #words })));
    }

    /// A place where a word may stand that has not been typed yet: the mark, if it is there.
    pub(super) fn gap(&self, is_here: bool) -> Option<&Ident> {
        self.mark.filter(|mark| is_here && mark.is_alone()).map(Mark::marked)
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Step(step) | Item::Arm(Arm { step, .. }) => self.step(step),
            Item::Let(LetStep { pattern, ty, step, .. }) => {
                if let Step::Undo(undo) = step {
                    self.step(&undo.step);
                    let depth = self.levels.len();
                    self.go(&quote!(.enter().enter()));
                    self.named(pattern, ty.as_ref());
                    self.go(&quote!(.same()));
                    self.levels.truncate(depth);
                    self.step(&undo.undo);
                    self.go(&quote!(.same()));
                } else {
                    self.step(step);
                }
                self.named(pattern, ty.as_ref());
            }
            Item::Piped(LetPiped { pattern, ty, .. }) => {
                self.words(&TokenStream::new());
                self.named(pattern, ty.as_ref());
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Leaf(leaf) => {
                let TaskPath { tokens, ty, arguments, .. } = &leaf.path;
                self.tasks.push(place_of(&leaf.path));
                self.words(tokens);
                let (ty, generics) = (placeless(ty.clone()), placeless(arguments.clone()));
                match &leaf.arguments {
                    None => self.go(&quote!(.task(<#ty>::slot #generics()))),
                    Some(given) => {
                        let group = self.arguments(&given.group, given.piped);
                        let names = self.names();
                        self.go(&quote!(.call(|#names| <#ty>::call #generics #group)));
                    }
                }
            }
            Step::Inline(inline) => self.inline(inline),
            Step::Embed(Embed { group, .. }) => {
                self.words(&TokenStream::new());
                self.go(&quote!(.embed(#group)));
            }
            Step::Block(block) => self.block(block),
            Step::Undo(undo) => {
                self.step(&undo.step);
                self.go(&quote!(.enter()));
                self.step(&undo.undo);
                self.go(&quote!(.same()));
            }
            Step::Hole(words) => {
                self.words(words);
                self.go(&quote!(.says()));
            }
        }
    }

    /// The user's arguments, with a value of any type in the place of `_`.
    fn arguments(&self, group: &Group, piped: Option<Span>) -> Group {
        let private = self.private;
        let Some(piped) = piped.map(place) else { return group.clone() };
        let mut stream = TokenStream::new();
        for token in group.stream() {
            let sole = tokens::sole(std::slice::from_ref(&token));
            if sole.is_some_and(|sole| tokens::is_word(Some(&sole), "_") && place(sole.span()) == piped) {
                stream.extend(quote!(#private::editor::any()));
            } else {
                token.to_tokens(&mut stream);
            }
        }
        let mut all = Group::new(group.delimiter(), stream);
        all.set_span(group.span());
        all
    }

    fn inline(&mut self, inline: &Inline) {
        self.words(&TokenStream::new());
        let (private, error) = (self.private, &self.error);
        let Inline { pattern, context, body, .. } = inline;
        let parameters: Vec<Ident> = pattern.identifiers().iter().chain(context).cloned().collect();
        let names = self.names_beside(&parameters);
        let ty = inline.ty.as_ref().map(|ty| quote!(: #ty));
        let pinned = gives(&body.stream()) == Gives::Open;
        let error = match context {
            Some(_) if self.has_error => quote!(#private::Failed<#error>),
            _ => error.clone(),
        };
        let context = context.as_ref().map(|cx| quote!(, #cx));
        let mut method = "inline".to_owned();
        let closure = if inline.async_token.is_some() {
            method.push_str("_async");
            let says = pinned.then(|| quote!(if false { return #private::pinned::<_, #error>(); }));
            quote!(|#names, #pattern #ty #context| async { #says #body })
        } else {
            let returns = pinned.then(|| quote!(-> ::core::result::Result<_, #error>));
            quote!(|#names, #pattern #ty #context| #returns #body)
        };
        if context.is_some() {
            method.push_str("_context");
        }
        let method = format_ident!("{method}");
        self.go(&quote!(.#method(#closure).looked_at().__orch_read()));
    }

    fn block(&mut self, block: &Block) {
        self.words(&block.keyword.to_token_stream());
        self.options(block);
        let depth = self.levels.len();
        let has_flag = |flag: &str| block.option(flag).is_some();
        let settles = match block.spec.settles {
            Settles::Always => true,
            Settles::With(flag) => has_flag(flag),
            Settles::Never => false,
        };
        let settled = if settles { quote!(.settled()) } else { TokenStream::new() };
        match block.spec.body {
            Body::Sequence => {
                let collects = block.of_kind(Kind::Outputs).is_some();
                self.go(&quote!(.enter()));
                let mut kept = 0;
                for item in &block.body {
                    self.item(item);
                    if collects && matches!(item, Item::Step(_)) {
                        self.go(&quote!(.kept()));
                        kept += 1;
                    }
                }
                self.words(&TokenStream::new());
                let exit = if collects { joined(kept, Join::Tuple) } else { quote!(.exit()) };
                self.go(&exit);
            }
            Body::Single => {
                let streams = block.of_kind(Kind::Piped).is_some();
                let enter = match block.spec.needs {
                    Needs::Items if streams => quote!(.streamed()),
                    Needs::Items => quote!(.items()),
                    _ => quote!(.enter()),
                };
                self.go(&enter);
                block.body.iter().for_each(|item| self.item(item));
                self.words(&TokenStream::new());
                self.go(&settled);
                let exit = match block.spec.needs {
                    Needs::Items => quote!(.all()),
                    Needs::Rounds => quote!(.rounds()),
                    Needs::Same => quote!(.same()),
                    Needs::Nothing | Needs::Duplicate | Needs::Policy => quote!(.exit()),
                };
                self.go(&exit);
            }
            Body::Peers(_) | Body::Alternatives => {
                self.go(&quote!(.enter()));
                for item in &block.body {
                    self.item(item);
                    self.go(&quote!(#settled.beside()));
                    self.levels.truncate(depth);
                }
                self.words(&TokenStream::new());
                let join = if let Body::Peers(join) = block.spec.body { join } else { Join::One };
                self.go(&joined(block.body.len(), join));
            }
            Body::Arms => {
                let look = self.scrutinee(block);
                self.go(&quote!(.arms(#look)));
                for item in &block.body {
                    if let Item::Arm(Arm { pattern, guard, .. }) = item {
                        self.name(pattern.by_reference().clone(), pattern.identifiers());
                        if let Some(guard) = guard {
                            self.seen(guard);
                        }
                    } else {
                        self.name(quote!(_), &[]);
                    }
                    self.item(item);
                    self.go(&quote!(.beside()));
                    self.levels.truncate(depth);
                }
                self.words(&TokenStream::new());
                self.go(&joined(block.body.len(), Join::One));
                self.go(&quote!(.exit()));
            }
        }
        self.levels.truncate(depth);
    }

    /// What the arms of a block look at: a closure over the names and what is piped. What makes of the user's code what the patterns
    /// are for stands after it, since that depends on the code.
    fn scrutinee(&self, block: &Block) -> TokenStream {
        let (private, module, value) =
            (self.private, format_ident!("{}", block.spec.keyword), format_ident!("__orch_value"));
        let arms: Vec<&Arm> = block
            .body
            .iter()
            .filter_map(|item| match item {
                Item::Arm(arm) => Some(arm),
                _ => None,
            })
            .collect();
        let code = match &block.head {
            Some(Value::Expr(code)) => code.clone(),
            _ => TokenStream::new(),
        };
        let bound: Vec<String> = self.levels.iter().flat_map(|level| level.bound.iter().cloned()).collect();
        let subject = subject(&code, &arms, &bound, &value, &quote!(#private::#module::text));
        let (parameters, code) = self.parts(block.head.as_ref());
        quote!(#parameters { match { #code } { #value => #subject } })
    }

    /// What looks at what is piped, or at the names: a closure over both.
    pub(super) fn look(&self, head: Option<&Value>) -> TokenStream {
        let (parameters, code) = self.parts(head);
        quote!(#parameters { #code })
    }

    /// The parameters and the body of that closure.
    fn parts(&self, head: Option<&Value>) -> (TokenStream, TokenStream) {
        let code = match head {
            Some(Value::Expr(code)) => tokens::whole(&tokens::list(code.clone())),
            _ => Vec::new(),
        };
        let bar = usize::from(tokens::is_word(code.first(), "move"));
        let end =
            tokens::is_punct(code.get(bar), '|').then(|| tokens::closure_head_end(&code, bar)).flatten();
        match end {
            Some(end) => {
                let parameter = tokens::collect(tokens::part(&code, bar + 1, end));
                let body = tokens::collect(tokens::part(&code, end + 1, code.len()));
                let pattern = Pattern::parse(tokens::part(&code, bar + 1, end)).unwrap_or_else(Pattern::wild);
                let names = self.names_beside(pattern.identifiers());
                (quote!(|#names, #parameter|), body)
            }
            None => {
                let names = self.names();
                (quote!(|#names, _|), tokens::collect(&code))
            }
        }
    }
}

/// A pattern that does not bind these names.
fn without(pattern: TokenStream, names: &[String], in_braces: bool) -> TokenStream {
    let mut code = TokenStream::new();
    let mut after_colon = false;
    for token in pattern {
        match &token {
            TokenTree::Ident(word) if names.iter().any(|name| word == name) => {
                // A field of a struct stands for its name too.
                let field = (in_braces && !after_colon).then(|| quote!(#word:));
                code.extend(quote!(#field _));
            }
            TokenTree::Group(group) => {
                let in_braces = group.delimiter() == Delimiter::Brace;
                let mut inner = Group::new(group.delimiter(), without(group.stream(), names, in_braces));
                inner.set_span(group.span());
                code.extend([TokenTree::from(inner)]);
            }
            _ => token.to_tokens(&mut code),
        }
        after_colon = tokens::is_punct(Some(&token), ':');
    }
    code
}

/// What several steps gave, as one value.
fn joined(steps: usize, join: Join) -> TokenStream {
    let all: Vec<Ident> = (0..steps).map(|step| format_ident!("__orch_out{step}")).collect();
    let pattern = all.iter().fold(quote!(()), |outer, out| quote!((#outer, #out)));
    let value = match (join, all.first()) {
        (Join::One, Some(first)) => quote!(#first),
        _ => quote!((#(#all,)*)),
    };
    quote!(.joined(|#pattern| #value))
}

fn place_of(path: &TaskPath) -> String {
    path.names.last().map_or_else(String::new, |name| place(name.span()))
}

/// Whether a value is the mark alone: there is nothing yet.
pub(super) fn is_gap(value: &Value, mark: Option<&Mark>) -> bool {
    let Value::Expr(code) = value else { return false };
    let code = tokens::list(code.clone());
    matches!(code.as_slice(), [TokenTree::Ident(word)] if mark.is_some_and(|mark| mark.is_alone() && mark.is_at(word)))
}
