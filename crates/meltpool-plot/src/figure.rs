//! What all figures can do: check, draw, and write themselves.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use crate::drawing::{Drawing, write_file};
use crate::{Error, Result, Theme};

/// The files that [`Figure::save_all`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureFiles {
    /// The vector figure.
    pub svg: PathBuf,
    /// The pixel figure.
    pub png: PathBuf,
    /// The drawn data: one file, or one a panel.
    pub csv: Vec<PathBuf>,
}

/// A figure: every kind in this crate can be checked, drawn and saved in the same way.
///
/// The same figure gives the same bytes at each call and on each machine with the same
/// floating-point library. No font, no system library and no network is needed.
pub trait Figure: Debug {
    /// Checks theme, axes and data.
    ///
    /// # Errors
    /// The first thing that is wrong, with its name and place.
    fn validate(&self) -> Result<()>;

    /// Draws the figure in another theme; [`PanelFigure`](crate::PanelFigure) uses it.
    ///
    /// # Errors
    /// As [`Figure::validate`], and [`Error::TextTooLong`] or [`Error::FigureTooSmall`] if the
    /// size of the theme cannot hold the labels.
    fn draw_in(&self, theme: &Theme) -> Result<Drawing>;

    /// Draws the figure in its own theme.
    ///
    /// # Errors
    /// As [`Figure::draw_in`].
    fn draw(&self) -> Result<Drawing>;

    /// The figure as SVG, as large as the theme says.
    ///
    /// # Errors
    /// As [`Figure::draw_in`].
    fn to_svg(&self) -> Result<String> {
        self.draw()?.to_svg()
    }

    /// The figure as PNG at the resolution of the theme, which its `pHYs` chunk states.
    ///
    /// # Errors
    /// As [`Figure::draw_in`].
    fn to_png(&self) -> Result<Vec<u8>> {
        self.draw()?.to_png()
    }

    /// Writes the SVG.
    ///
    /// # Errors
    /// As [`Figure::draw_in`], and [`Error::Io`] if the file cannot be written.
    fn save_svg(&self, path: &Path) -> Result<()> {
        write_file(path, self.to_svg()?.as_bytes())
    }

    /// Writes the PNG.
    ///
    /// # Errors
    /// As [`Figure::draw_in`], and [`Error::Io`] if the file cannot be written.
    fn save_png(&self, path: &Path) -> Result<()> {
        write_file(path, &self.to_png()?)
    }

    /// Writes the drawn data: one file at `path`, or one a panel, `_a`, `_b`, … put before the
    /// extension. Returns the paths.
    ///
    /// # Errors
    /// As [`Figure::draw_in`], and [`Error::Io`] if a file cannot be written.
    fn save_csv(&self, path: &Path) -> Result<Vec<PathBuf>> {
        save_tables(&self.draw()?, path)
    }

    /// Makes the folder and writes `stem.svg`, `stem.png` and `stem.csv` into it.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a stem that is no plain file name; as [`Figure::draw_in`]; and
    /// [`Error::Io`] if the folder or a file cannot be written.
    fn save_all(&self, folder: &Path, stem: &str) -> Result<FigureFiles> {
        if stem.is_empty() || stem.contains(['/', '\\']) || stem.starts_with('.') {
            return Err(Error::InvalidParameter {
                name: "stem",
                requirement: "a file name without folder or leading dot",
                found: format!("{stem:?}"),
            });
        }
        let drawing = self.draw()?;
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let path = |extension: &str| folder.join(format!("{stem}.{extension}"));
        let (svg, png) = (path("svg"), path("png"));
        write_file(&svg, drawing.to_svg()?.as_bytes())?;
        write_file(&png, &drawing.to_png()?)?;
        let csv = save_tables(&drawing, &path("csv"))?;
        Ok(FigureFiles { svg, png, csv })
    }
}

fn save_tables(drawing: &Drawing, path: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for table in drawing.tables() {
        let target = if table.panel.is_empty() {
            path.to_path_buf()
        } else {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            path.with_file_name(format!("{stem}_{}.csv", table.panel))
        };
        write_file(&target, table.text.as_bytes())?;
        paths.push(target);
    }
    Ok(paths)
}
