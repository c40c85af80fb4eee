//! YAML as a tree that keeps what these rules ask about: tags such as `!Sub`, and the line of every node.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::Value;

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it begins, from 1.
    pub line: usize,
    /// Its own tag without the `!`: `Sub`, `Ref`, `GetAtt`, `If`.
    pub tag: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A text; `plain` if it stood there without quotes, so that `true` may mean more than its letters.
    Scalar {
        /// The text.
        text: String,
        /// Whether it had no quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the file's order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// What stands under `key`.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// What stands under the last of `keys`, one inside the other.
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) => &[],
        }
    }

    /// The items of a list; the node itself if it is none, as CloudFormation and IAM read it.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Scalar { .. } | Kind::Map(_) => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar, whatever its tag.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The text under the last of `keys`.
    pub fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys).and_then(Self::text)
    }

    /// Whether it is the scalar `text`, with `tag` before it if that is not empty.
    pub fn is(&self, tag: &str, text: &str) -> bool {
        self.tag.as_deref().unwrap_or_default() == tag && self.text() == Some(text)
    }

    /// The same as JSON. Tags are left out.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, plain: false } => Value::from(text.as_str()),
            Kind::Scalar { text, plain: true } => match text.as_str() {
                "" | "null" | "~" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                word => word.parse::<i64>().map_or_else(|_| Value::from(word), Value::from),
            },
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => entries.iter().map(|(key, node)| (key.clone(), node.to_json())).collect(),
        }
    }

    /// This node and every one below it.
    pub fn walk(&self) -> Vec<&Self> {
        let below = match &self.kind {
            Kind::Scalar { .. } => Vec::new(),
            Kind::List(items) => items.iter().flat_map(Self::walk).collect(),
            Kind::Map(entries) => entries.iter().flat_map(|(_, node)| node.walk()).collect(),
        };
        std::iter::once(self).chain(below).collect()
    }
}

/// Reads one document.
///
/// # Errors
/// If it is no YAML, or a mapping has a key twice.
pub fn read(text: &str) -> Result<Node, String> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new() };
    loop {
        let (event, span) = reader.next()?;
        if !matches!(event, Event::StreamStart | Event::DocumentStart(..)) {
            return reader.node(event, span);
        }
    }
}

struct Reader<I> {
    events: I,
    anchors: HashMap<usize, Node>,
}

impl<'a, I: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Reader<I> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("it ends too early".to_owned()),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, String> {
        let line = span.start.line();
        if let Event::Alias(anchor) = event {
            return self.anchors.get(&anchor).cloned().ok_or_else(|| format!("line {line}: an alias of nothing"));
        }
        let (anchor, tag, kind) = if let Event::Scalar(text, style, anchor, tag) = event {
            (anchor, tag, Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain })
        } else if let Event::SequenceStart(_, anchor, tag) = event {
            (anchor, tag, Kind::List(self.items()?))
        } else if let Event::MappingStart(_, anchor, tag) = event {
            (anchor, tag, Kind::Map(self.entries()?))
        } else {
            return Err(format!("line {line}: a node is missing"));
        };
        let own = |tag: &Tag| tag.handle() == "!";
        let tag = tag.as_deref().filter(|tag| own(tag)).map(|tag| tag.suffix().to_owned());
        let node = Node { line, tag, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(items);
            }
            items.push(self.node(event, span)?);
        }
    }

    fn entries(&mut self) -> Result<Vec<(String, Node)>, String> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.node(event, span)?;
            let Some(name) = key.text() else { return Err(format!("line {}: a key is no text", key.line)) };
            if entries.iter().any(|(known, _)| known == name) {
                return Err(format!("line {}: `{name}` stands there twice", key.line));
            }
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            entries.push((name.to_owned(), node));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lines_and_aliases_are_kept() {
        let read = read("a: &x !Sub '${B}-c'\nb:\n  - {n: 1, t: true, q: '1'}\nc: *x\n").unwrap();
        assert!(read.get("a").unwrap().is("Sub", "${B}-c"));
        assert!(read.get("c").unwrap().is("Sub", "${B}-c"));
        assert_eq!(read.get("b").unwrap().items()[0].line, 3);
        assert_eq!(read.get("b").unwrap().to_json(), serde_json::json!([{"n": 1, "t": true, "q": "1"}]));
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        assert!(read("a: 1\na: 2\n").is_err());
        assert!(read("a: [1\n").is_err());
    }
}
