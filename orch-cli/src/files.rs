//! Which files a command is about.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::config::Configs;
use crate::problem::Error;

/// The files that are named, and those of the folders that are named; without any, those of this folder. Of a folder they are all
/// `.rs` files that git does not ignore and no manifest excludes.
pub(crate) fn list(named: &[PathBuf], dir: &Path, configs: &mut Configs) -> Result<Vec<PathBuf>, Error> {
    let here = [PathBuf::from(".")];
    let mut files = Vec::new();
    for path in if named.is_empty() { &here } else { named } {
        let whole = dir.join(path);
        if whole.is_dir() {
            in_folder(path, dir, configs, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn in_folder(
    folder: &Path,
    dir: &Path,
    configs: &mut Configs,
    files: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let walk = WalkBuilder::new(dir.join(folder))
        .require_git(false)
        .sort_by_file_path(Ord::cmp)
        // What a build leaves behind.
        .filter_entry(|entry| !entry.path().join("CACHEDIR.TAG").is_file())
        .build();
    for entry in walk {
        let path = entry?.into_path();
        if !path.is_file() || path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let whole = std::path::absolute(&path).map_err(Error::file(&path))?;
        if !configs.excludes(&whole)? {
            let shown = path.strip_prefix(dir).unwrap_or(&path);
            files.push(shown.strip_prefix(".").unwrap_or(shown).to_owned());
        }
    }
    Ok(())
}

/// The folder of a file, without `..` and `.` before it.
pub(crate) fn folder(file: &Path) -> Result<PathBuf, Error> {
    let whole = std::path::absolute(file).map_err(Error::file(file))?;
    Ok(whole.parent().unwrap_or(&whole).to_owned())
}
