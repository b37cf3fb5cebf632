//! Rendered pages, and what a reader of HTML sees in them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The files below a folder, by their path from there; of pages the text.
#[derive(Debug, Default)]
pub(crate) struct Site {
    files: BTreeMap<String, Option<String>>,
}

impl Site {
    /// All of a folder.
    pub(crate) fn read(root: &Path) -> io::Result<Site> {
        let mut site = Site::default();
        site.add_folder(root, "")?;
        Ok(site)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add_folder(&entry.path(), &format!("{path}/"))?;
            } else {
                let text =
                    path.ends_with(".html").then(|| std::fs::read_to_string(entry.path())).transpose()?;
                self.files.insert(path, text);
            }
        }
        Ok(())
    }

    /// One more page.
    #[cfg(test)]
    pub(crate) fn with(mut self, path: &str, text: &str) -> Site {
        self.files.insert(path.to_owned(), Some(text.to_owned()));
        self
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The text of the page at a path.
    pub(crate) fn page(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// The page that a path leads to: where an item has moved, rustdoc leaves a page that goes on to the new place.
    pub(crate) fn target(&self, path: &str) -> Option<&str> {
        let html = self.page(path)?;
        match between(html, "<meta http-equiv=\"refresh\" content=\"0;URL=", "\"").first() {
            Some(moved) => self.page(&resolve(path, moved)?),
            None => Some(html),
        }
    }

    /// The pages with their paths, without those that show source or are rustdoc's own.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        let pages = self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)));
        pages.filter(|(path, _)| !path.starts_with("src/") && path.contains('/'))
    }
}

/// The values of an attribute, in the order of the page.
pub(crate) fn attribute<'t>(html: &'t str, name: &str) -> Vec<&'t str> {
    let mark = format!(" {name}=\"");
    let after = html.split(mark.as_str()).skip(1);
    after.filter_map(|rest| rest.split_once('"')).map(|(value, _)| value).collect()
}

/// What stands between two marks, wherever it does.
pub(crate) fn between<'t>(html: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    html.split(from).skip(1).filter_map(|rest| rest.split_once(to)).map(|(inner, _)| inner).collect()
}

/// The text without its tags.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        // Of the first part, all is text.
        text.push_str(
            part.split_once('>').map_or(if text.is_empty() { part } else { "" }, |(_, after)| after),
        );
    }
    text
}

/// The path that a link leads to, from the page at `page`; `None` if it leads out of the site.
pub(crate) fn resolve(page: &str, link: &str) -> Option<String> {
    let mut folders: Vec<&str> = page.split('/').collect();
    if link.is_empty() {
        return Some(page.to_owned());
    }
    folders.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()?),
            part => folders.push(part),
        }
    }
    Some(folders.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_order() {
        let html = r#"<a href="x">1</a><p id="p"><a class="c" href="y#z">2</a><a href='no'>"#;
        assert_eq!(attribute(html, "href"), ["x", "y#z"]);
        assert_eq!(attribute(html, "id"), ["p"]);
    }

    #[test]
    fn text_has_no_tags() {
        assert_eq!(text("use <span class=\"kw\">a</span>::b"), "use a::b");
        assert_eq!(text("<i>x</i> <b>y</b>z"), "x yz");
    }

    #[test]
    fn links_are_resolved_from_their_page() {
        assert_eq!(resolve("a/b/index.html", "c.html").as_deref(), Some("a/b/c.html"));
        assert_eq!(resolve("a/b/index.html", "../../x/y.html").as_deref(), Some("x/y.html"));
        assert_eq!(resolve("a/b/index.html", "").as_deref(), Some("a/b/index.html"));
        assert_eq!(resolve("index.html", "../x.html"), None);
    }
}
