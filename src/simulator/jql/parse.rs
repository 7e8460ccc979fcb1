//! Tokens -> [`Query`]. Knows the grammar alone; must never look a name up.

use super::problem::JqlSyntaxError;
use super::syntax::{Clause, FieldName, Operand, Operator, OrderKey, Query};
use super::token::{Lexeme, Token, tokens};

const OPERATORS: &str =
    "The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.";

/// How deep parentheses may nest: a guard for our stack, far above what anybody writes.
const DEEPEST: usize = 200;

/// What differs between kinds in reading a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dialect {
    /// Words alone are a text search (measured on Cloud).
    pub bare_words: bool,
}

/// Reads a query.
///
/// # Errors
/// What is not JQL, as Jira words it.
pub fn parse(text: &str, dialect: Dialect) -> Result<Query, JqlSyntaxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    parser.query().or_else(|error| if dialect.bare_words { bare_words(&tokens).ok_or(error) } else { Err(error) })
}

/// `printer broken` as `text ~ "printer broken"`, when it is nothing but words.
fn bare_words(tokens: &[Token]) -> Option<Query> {
    let ordinary = |token: &Token| !matches!(token.lexeme, Lexeme::Symbol(_)) && !token.is_reserved();
    if tokens.is_empty() || !tokens.iter().all(ordinary) {
        return None;
    }
    let words: Vec<&str> = tokens.iter().map(Token::text).collect();
    let term = Clause::Term {
        field: FieldName::Name("text".to_owned()),
        operator: Operator::Contains,
        operand: Operand::Literal { text: words.join(" "), quoted: true },
    };
    Some(Query { clause: Some(term), order: Vec::new() })
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(taken);
        taken
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let taken = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), JqlSyntaxError> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => {
                JqlSyntaxError::new(format!("Expecting '{symbol}' but got '{}'. {}", token.text(), token.place))
            }
            None => JqlSyntaxError::new(format!("Expecting '{symbol}' before the end of the query.")),
        })
    }

    fn query(&mut self) -> Result<Query, JqlSyntaxError> {
        let starts_with_order = self.peek().is_none_or(|token| token.is_word("order"));
        let clause = if starts_with_order { None } else { Some(self.or()?) };
        let order = if self.take_word("order") { self.order()? } else { Vec::new() };
        match self.peek() {
            None => Ok(Query { clause, order }),
            Some(token) => Err(JqlSyntaxError::new(format!(
                "Expecting either 'OR' or 'AND' but got '{}'. {}",
                token.text(),
                token.place
            ))),
        }
    }

    fn or(&mut self) -> Result<Clause, JqlSyntaxError> {
        let mut clauses = vec![self.and()?];
        while self.take_word("or") || self.take_symbol("||") || self.take_symbol("|") {
            clauses.push(self.and()?);
        }
        Ok(one_or(clauses, Clause::Or))
    }

    fn and(&mut self) -> Result<Clause, JqlSyntaxError> {
        let mut clauses = vec![self.not()?];
        while self.take_word("and") || self.take_symbol("&&") || self.take_symbol("&") {
            clauses.push(self.not()?);
        }
        Ok(one_or(clauses, Clause::And))
    }

    fn not(&mut self) -> Result<Clause, JqlSyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(JqlSyntaxError::new("The query is nested too deeply."));
        }
        let clause = if self.take_word("not") || self.take_symbol("!") {
            Clause::Not(Box::new(self.not()?))
        } else if self.take_symbol("(") {
            let inner = self.or()?;
            self.expect(")")?;
            inner
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(clause)
    }

    fn term(&mut self) -> Result<Clause, JqlSyntaxError> {
        let field = self.field()?;
        let operator = self.operator()?;
        let operand = if operator != Operator::Changed {
            self.operand(operator)?
        } else if self.take_word("by") {
            // Of its predicates the simulated Jiras know the one that is asked.
            self.value()?
        } else {
            Operand::Empty
        };
        Ok(Clause::Term { field, operator, operand })
    }

    fn field(&mut self) -> Result<FieldName, JqlSyntaxError> {
        let Some(token) = self.next() else {
            return Err(JqlSyntaxError::new("Expecting a field name at the end of the query."));
        };
        if token.is_word("cf") && self.take_symbol("[") {
            let number = self.next().and_then(|number| number.text().parse().ok());
            let Some(number) = number else {
                return Err(JqlSyntaxError::new(format!(
                    "Expecting a custom field identifier, a number, after 'cf['. {}",
                    token.place
                )));
            };
            self.expect("]")?;
            return Ok(FieldName::Custom(number));
        }
        match &token.lexeme {
            Lexeme::Quoted(name) => Ok(FieldName::Name(name.clone())),
            Lexeme::Word(_) if token.is_reserved() => Err(reserved(token)),
            Lexeme::Word(name) => Ok(FieldName::Name(name.clone())),
            Lexeme::Symbol(symbol) => Err(JqlSyntaxError::new(format!(
                "Expecting a field name but got '{symbol}'. You must surround '{symbol}' in quotation marks to use it as a \
                 field name. {}",
                token.place
            ))),
        }
    }

    fn operator(&mut self) -> Result<Operator, JqlSyntaxError> {
        let Some(token) = self.next() else {
            return Err(JqlSyntaxError::new(format!("Expecting operator before the end of the query. {OPERATORS}")));
        };
        let simple = [
            ("=", Operator::Equals),
            ("!=", Operator::NotEquals),
            ("~", Operator::Contains),
            ("!~", Operator::NotContains),
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ];
        if let Some((_, operator)) = simple.into_iter().find(|(symbol, _)| token.is_symbol(symbol)) {
            return Ok(operator);
        }
        if token.is_word("in") {
            return Ok(Operator::In);
        }
        if token.is_word("changed") {
            return Ok(Operator::Changed);
        }
        if token.is_word("not") && self.take_word("in") {
            return Ok(Operator::NotIn);
        }
        if token.is_word("is") {
            return Ok(if self.take_word("not") { Operator::IsNot } else { Operator::Is });
        }
        Err(JqlSyntaxError::new(format!("Expecting operator but got '{}'. {OPERATORS} {}", token.text(), token.place)))
    }

    fn operand(&mut self, operator: Operator) -> Result<Operand, JqlSyntaxError> {
        if operator.is_list() && self.peek().is_some_and(|token| !token.is_symbol("(")) {
            let value = self.value()?;
            if matches!(value, Operand::Function { .. }) {
                return Ok(value);
            }
            let list = "Expecting either a list or function";
            return Err(JqlSyntaxError::new(format!("{list} after the operator '{}'.", operator.text())));
        }
        if self.take_symbol("(") {
            let mut values = vec![self.value()?];
            while self.take_symbol(",") {
                values.push(self.value()?);
            }
            self.expect(")")?;
            return Ok(Operand::List(values));
        }
        self.value()
    }

    fn value(&mut self) -> Result<Operand, JqlSyntaxError> {
        let Some(token) = self.next() else {
            return Err(JqlSyntaxError::new("Expecting either a value, list or function before the end of the query."));
        };
        if token.is_word("empty") || token.is_word("null") {
            return Ok(Operand::Empty);
        }
        if token.is_reserved() {
            return Err(reserved(token));
        }
        let (text, quoted) = match &token.lexeme {
            Lexeme::Word(text) => (text.clone(), false),
            Lexeme::Quoted(text) => (text.clone(), true),
            Lexeme::Symbol(symbol) => {
                return Err(JqlSyntaxError::new(format!(
                    "Expecting either a value, list or function but got '{symbol}'. You must surround '{symbol}' in \
                     quotation marks to use it as a value. {}",
                    token.place
                )));
            }
        };
        if self.take_symbol("(") {
            return Ok(Operand::Function { name: text, arguments: self.arguments()? });
        }
        Ok(Operand::Literal { text, quoted })
    }

    fn arguments(&mut self) -> Result<Vec<String>, JqlSyntaxError> {
        let mut arguments = Vec::new();
        if self.take_symbol(")") {
            return Ok(arguments);
        }
        loop {
            match self.next() {
                Some(token) if !matches!(token.lexeme, Lexeme::Symbol(_)) => arguments.push(token.text().to_owned()),
                Some(token) => {
                    return Err(JqlSyntaxError::new(format!(
                        "Expecting ')' but got '{}'. {}",
                        token.text(),
                        token.place
                    )));
                }
                None => return Err(JqlSyntaxError::new("Expecting ')' before the end of the query.")),
            }
            if !self.take_symbol(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    fn order(&mut self) -> Result<Vec<OrderKey>, JqlSyntaxError> {
        if !self.take_word("by") {
            return Err(JqlSyntaxError::new(match self.peek() {
                Some(token) => format!("Expecting 'BY' but got '{}'. {}", token.text(), token.place),
                None => "Expecting 'BY' before the end of the query.".to_owned(),
            }));
        }
        let mut keys = Vec::new();
        loop {
            let field = self.field()?;
            let descending = if self.take_word("desc") {
                Some(true)
            } else if self.take_word("asc") {
                Some(false)
            } else {
                None
            };
            keys.push(OrderKey { field, descending });
            if !self.take_symbol(",") {
                break;
            }
        }
        match self.peek() {
            None => Ok(keys),
            Some(token) => Err(JqlSyntaxError::new(format!(
                "Expecting either 'ASC', 'DESC' or ',' but got '{}'. {}",
                token.text(),
                token.place
            ))),
        }
    }
}

fn one_or(mut clauses: Vec<Clause>, many: fn(Vec<Clause>) -> Clause) -> Clause {
    if clauses.len() == 1 { clauses.remove(0) } else { many(clauses) }
}

fn reserved(token: &Token) -> JqlSyntaxError {
    JqlSyntaxError::new(format!(
        "'{}' is a reserved JQL word. You must surround it in quotation marks to use it in a query. {}",
        token.text(),
        token.place
    ))
}
