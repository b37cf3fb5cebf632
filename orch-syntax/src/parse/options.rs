//! What stands in the parentheses of a block, and what is missing there.

use proc_macro2::{Group, Ident, Span, TokenTree};
use quote::quote_spanned;

use super::misnamed::{self, Meant};
use super::value;
use crate::ast::{Opt, Value};
use crate::blocks::{Kind, Needs, OptionSpec, Requires, Spec};
use crate::duration::Number;
use crate::errors::Errors;
use crate::{suggest, tokens};

/// Reads the options of a block. Whether they exist and fit each other is not asked here. What is missing is, as an option whose
/// value is wrong has been given. It is not among those that are returned second, but with the tokens of its value among the third.
pub(super) fn parse(
    keyword: &Ident,
    spec: &'static Spec,
    group: Option<&Group>,
    errors: &mut Errors,
) -> (Option<Value>, Vec<Opt>, Vec<Opt>) {
    let mut entries = Entries {
        keyword,
        spec,
        head: None,
        head_seen: false,
        named: Vec::new(),
        is_unclear: false,
        nameless: false,
        options: Vec::new(),
        unread: Vec::new(),
    };
    let Some(group) = group else {
        entries.demand_head(keyword.span(), errors);
        entries.demand_options(errors);
        return (entries.head, entries.options, entries.unread);
    };
    let content = tokens::list(group.stream());
    let mut surplus = 0;
    for (position, (tokens, comma)) in tokens::split_commas(&content).into_iter().enumerate() {
        let position = position - surplus;
        // A missing value is seen at what stands in its place.
        let end = comma.unwrap_or_else(|| group.span_close());
        let tokens = &tokens::whole(tokens);
        if tokens.is_empty() {
            errors.beside(end, "expected an option before this `,`");
            surplus += 1;
            continue;
        }
        let mut start = 0;
        for (next, comma) in entries.missing_commas(tokens, errors) {
            entries.entry(position + start, tokens::part(tokens, start, comma), end, errors);
            start = next;
        }
        entries.entry(position + start, tokens::part(tokens, start, tokens.len()), end, errors);
    }
    entries.demand_head(group.span_close(), errors);
    entries.demand_options(errors);
    (entries.head, entries.options, entries.unread)
}

struct Entries<'k> {
    keyword: &'k Ident,
    spec: &'static Spec,
    head: Option<Value>,
    /// Also where the head was wrong.
    head_seen: bool,
    /// Those that are given, also with a wrong value.
    named: Vec<Ident>,
    /// Something stands here that is none of them, and may be meant for any.
    is_unclear: bool,
    /// Whether one without a name was reported.
    nameless: bool,
    options: Vec<Opt>,
    /// Those whose value is wrong, or missing.
    unread: Vec<Opt>,
}

impl Entries<'_> {
    fn known(&self, name: &str) -> Option<&'static OptionSpec> {
        self.spec.option(name)
    }

    /// Where an option begins without a comma before it, and where the one before it ends: reported.
    fn missing_commas(&self, tokens: &[TokenTree], errors: &mut Errors) -> Vec<(usize, usize)> {
        let mut missing = Vec::new();
        if tokens::is_punct(tokens.first(), '#') {
            return missing;
        }
        let mut start = 0;
        for (at, token) in tokens.iter().enumerate() {
            if tokens::is_punct(Some(token), ';') && at > start && at + 1 < tokens.len() {
                errors.beside(token.span(), "a `,` stands between options; write it for the `;`");
                missing.push((at + 1, at));
                start = at + 1;
                continue;
            }
            let TokenTree::Ident(name) = token else { continue };
            let is_assignment = tokens::is_punct(tokens.get(at + 1), '=')
                && !tokens::is_pair(tokens, at + 1, '=', '=')
                && !tokens::is_pair(tokens, at + 1, '=', '>');
            let is_flag = self.is_flag(&name.to_string()) && at + 1 == tokens.len();
            let follows = at > start && tokens::ends_expression(tokens.get(at - 1));
            if follows && (is_assignment || is_flag) && !tokens::is_keyword(&name.to_string()) {
                errors.beside(name.span(), format!("expected `,` between options, found `{name}`"));
                missing.push((at, at));
                start = at;
            }
        }
        missing
    }

    fn entry(&mut self, position: usize, tokens: &[TokenTree], end: Span, errors: &mut Errors) {
        if let Some(name) = tokens::as_ident(tokens.first()) {
            self.named.push(name.clone());
        }
        if let [TokenTree::Punct(hash), TokenTree::Group(_), ..] = tokens
            && hash.as_char() == '#'
        {
            let message =
                "an attribute does not apply to an option; `#[cfg(…)]` stands before the whole step";
            errors.beside(hash.span(), message);
            self.head_seen |= self.awaits_head(position);
            return;
        }
        let is_assignment = tokens::is_punct(tokens.get(1), '=')
            && !tokens::is_pair(tokens, 1, '=', '=')
            && !tokens::is_pair(tokens, 1, '=', '>');
        match tokens {
            [TokenTree::Ident(name), _, value @ ..] if is_assignment => {
                if self.awaits_head(position) && self.is_comparison(name, value) {
                    self.compared_head(tokens, errors);
                } else if self.awaits_head(position) && self.is_name_of_head(name) {
                    self.named_head(name, value, errors);
                } else {
                    self.assignment(name, value, end, errors);
                }
            }
            // A variable may be called as an option is; an option that is no flag is never its name alone.
            [TokenTree::Ident(name)] if !self.awaits_head(position) || self.is_flag(&name.to_string()) => {
                self.is_unclear |= self.known(&name.to_string()).is_none();
                self.options.push(Opt { name: name.clone(), value: None });
            }
            [TokenTree::Ident(name), colon, value @ ..]
                if self.awaits_head(position)
                    && tokens::is_punct(Some(colon), ':')
                    && !tokens::is_pair(tokens, 1, ':', ':')
                    && self.is_name_of_head(name) =>
            {
                self.named_head(name, value, errors);
            }
            _ if self.awaits_head(position) => self.head(tokens, errors),
            _ => self.no_option(tokens, errors),
        }
    }

    fn is_flag(&self, name: &str) -> bool {
        self.known(name).is_some_and(|option| option.kind.is_flag())
    }

    /// Whether what stands first with a name is the head: no option is called so, or nearly so.
    fn is_name_of_head(&self, name: &Ident) -> bool {
        suggest::closest(&name.to_string(), &self.spec.names()).is_none()
            && self.known(&name.to_string()).is_none()
    }

    /// Whether `name = value` in the place of the head is meant as a comparison.
    fn is_comparison(&self, name: &Ident, value: &[TokenTree]) -> bool {
        let Some(head) = self.spec.head.filter(|_| self.is_name_of_head(name)) else { return false };
        match head.kind {
            Kind::Condition => {
                let is_operator = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '<' | '>' | '=' | '!' | '&' | '|'));
                let is_operand = !value.is_empty() && !value.iter().any(is_operator);
                is_operand && name != head.name && !tokens::is_one_of(name, self.spec.elsewhere)
            }
            Kind::Scrutinee => tokens::sole_literal(value).is_some() && name != head.name,
            _ => false,
        }
    }

    /// Reports a head whose `==` is written as the `=` of an option.
    fn compared_head(&mut self, compared: &[TokenTree], errors: &mut Errors) {
        let ([name, sign, value @ ..], Some(head)) = (compared, self.spec.head) else { return };
        self.head_seen = true;
        let mut meant = tokens::collect(std::slice::from_ref(name));
        meant.extend(quote_spanned!(sign.span()=> ==));
        meant.extend(tokens::collect(value));
        let (left, right) =
            (tokens::show(std::slice::from_ref(name)), tokens::source_text(&tokens::collect(value)));
        errors.beside(sign.span(), format!("a `=` compares nothing; write `{left} == {right}`"));
        if head.kind == Kind::Condition {
            self.head = Some(Value::Expr(quote_spanned!(sign.span()=> true)));
        } else {
            // What the arms are patterns of is not known.
            errors.break_tree();
            self.head = Some(Value::Expr(meant.clone()));
        }
        if let TokenTree::Ident(name) = name {
            self.unread.push(Opt { name: name.clone(), value: Some(Value::Expr(meant)) });
        }
    }

    /// Reports a head that was given a name.
    fn named_head(&mut self, name: &Ident, value: &[TokenTree], errors: &mut Errors) {
        let Some(head) = self.spec.head else { return };
        self.head_seen = true;
        let mut others = Errors::default();
        self.head = value::parse(head.kind, value, &mut others);
        let keyword = self.keyword;
        let value = match &self.head {
            Some(_) => tokens::source_text(&tokens::collect(value)),
            None => head.kind.example().unwrap_or("…").to_owned(),
        };
        let message =
            format!("the {} of `{keyword}` has no name; write `{keyword}({value}) < … >`", head.name);
        errors.beside(name.span(), message);
    }

    fn awaits_head(&self, position: usize) -> bool {
        self.spec.head.is_some() && position == 0
    }

    fn assignment(&mut self, name: &Ident, value: &[TokenTree], end: Span, errors: &mut Errors) {
        let Some(known) = self.known(&name.to_string()) else {
            // Validation knows what to say; the value stays for it to see that there is one.
            self.is_unclear = true;
            let value = (!value.is_empty()).then(|| Value::Expr(tokens::collect(value)));
            self.options.push(Opt { name: name.clone(), value });
            return;
        };
        if value.is_empty() {
            let message = match known.example() {
                Some(example) => format!("`{name}` needs a value; write `{example}`"),
                None => format!("`{name}` is a flag; write it without `=`"),
            };
            errors.beside(end, message);
            self.unread.push(Opt { name: name.clone(), value: None });
            return;
        }
        match value::parse(known.kind, value, errors) {
            Some(value) => self.options.push(Opt { name: name.clone(), value: Some(value) }),
            None => {
                let value = Value::Expr(tokens::collect(value));
                self.unread.push(Opt { name: name.clone(), value: Some(value) });
            }
        }
    }

    fn head(&mut self, tokens: &[TokenTree], errors: &mut Errors) {
        let Some(head) = self.spec.head else { return };
        self.head_seen = true;
        self.head = value::parse(head.kind, tokens, errors);
        if self.head.is_none() && !head.kind.is_duration() {
            // No pipeline, but there is what was typed.
            errors.break_tree();
            self.head = Some(Value::Expr(tokens::collect(tokens)));
        }
    }

    /// Reports a head that is due and was not given.
    fn demand_head(&mut self, at: Span, errors: &mut Errors) {
        let Some(head) = self.spec.head else { return };
        if !self.head_seen {
            let (keyword, name) = (self.keyword, head.name);
            let value = head.kind.example().unwrap_or("…");
            errors.beside(at, format!("`{keyword}` needs its {name}; write `{keyword}({value}) < … >`"));
        }
        if self.head.is_none() {
            if !head.kind.is_duration() {
                errors.break_tree();
            }
            self.head = Some(value::stand_in(head.kind, at));
        }
    }

    /// Reports options without which the block, or another option, makes no sense.
    fn demand_options(&self, errors: &mut Errors) {
        let given = |name: &&'static str| self.named.iter().find(|given| *given == name);
        let is_shared = self.spec.carries.is_some_and(|carries| given(&carries.option).is_some());
        for Requires { by, one_of } in self.spec.requires {
            if one_of.iter().any(|name| given(name).is_some()) {
                continue;
            }
            let written: Vec<String> = one_of.iter().map(|name| format!("`{name} = …`")).collect();
            let written = written.join(", or ");
            match by {
                // Reported already: what stands there is one of these without its name.
                None if self.is_unclear => return,
                None => {
                    let keyword = self.keyword;
                    errors.beside(keyword.span(), format!("`{keyword}` needs {written}"));
                    // What an option needs beside it is no news then.
                    return;
                }
                // Beside an option that brings it, it is wrong already.
                Some(by) if !is_shared => {
                    if let Some(name) = given(by) {
                        errors.beside(name.span(), format!("`{name}` needs {written} beside it"));
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// An entry that is neither `name` nor `name = value`.
    fn no_option(&mut self, tokens: &[TokenTree], errors: &mut Errors) {
        let keyword = self.keyword;
        self.is_unclear = true;
        let known = tokens::as_ident(tokens.first()).and_then(|name| self.known(&name.to_string()));
        if let Some(Meant { name, value, message }) = misnamed::meant(self.spec, tokens) {
            errors.beside_over(tokens::collect(tokens), message);
            self.named.push(name.clone());
            let value = self.known(&name.to_string()).and_then(|known| {
                let mut others = Errors::default();
                value::parse(known.kind, &value, &mut others)
            });
            if value.is_some() {
                self.options.push(Opt { name, value });
            }
            return;
        }
        if std::mem::replace(&mut self.nameless, true) {
            // Who writes one writes them all.
            return;
        }
        let message = if let (Some(option), true) = (known, tokens.len() > 1) {
            match option.example() {
                Some(example) => format!("an option is set with `=`; write `{example}`"),
                None => {
                    errors.break_tree();
                    format!("`{}` is a flag; write it alone", option.name)
                }
            }
        } else if self.spec.needs == Needs::Items && meant_by(self.spec, tokens).is_none() {
            errors.break_tree();
            let after_in =
                tokens.iter().position(|token| tokens::is_word(Some(token), "in")).map_or(0, |word| word + 1);
            match tokens {
                [bar, item @ .., last]
                    if tokens::is_punct(Some(bar), '|') && tokens::is_punct(Some(last), '|') =>
                {
                    let item = tokens::source_text(&tokens::collect(item));
                    format!("an item is named in the body; write `{keyword} < let {item} = _ … >`")
                }
                _ => {
                    let given = tokens::collect(tokens::part(tokens, after_in, tokens.len()));
                    let given = tokens::source_text(&given);
                    format!(
                        "the step before `{keyword}` gives the collection; write `{given} {keyword} < … >`"
                    )
                }
            }
        } else if let Some(head) = self.spec.head {
            if self.head_seen {
                format!("`{keyword}` takes one value without a name, its {}", head.name)
            } else {
                self.head(tokens, errors);
                format!("the {} of `{keyword}` stands first", head.name)
            }
        } else {
            let names = suggest::enumerate(&self.spec.names());
            let meant =
                meant_by(self.spec, tokens).map(|name| format!(", as `{name} = {}`", tokens::show(tokens)));
            let meant = meant.unwrap_or_default();
            format!("an option is written `name = value`{meant}; `{keyword}` has {names}")
        };
        errors.beside_over(tokens::collect(tokens), message);
    }
}

/// The option that a value without a name is most likely of: a number the first that takes one.
pub(super) fn meant_by(spec: &Spec, value: &[TokenTree]) -> Option<&'static str> {
    let number = Number::of(&tokens::sole_literal(value)?)?;
    let takes = |kind: Kind| {
        if number.is_plain() {
            matches!(kind, Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Rate(_))
        } else {
            kind.is_duration() && number.nanoseconds().is_ok()
        }
    };
    spec.options.iter().find(|option| takes(option.kind)).map(|option| option.name)
}
