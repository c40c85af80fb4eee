//! Makes a picture of a page small: few colours matter in one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use end_to_end::failure::Failure;

type Colour = [u8; 3];

/// Most that a palette can hold.
const COLOURS: usize = 256;

/// Rewrites the picture with the colours that occur most often, and the nearest of those for all others: these are the
/// edges of letters.
pub(crate) fn shrink(file: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::of(&format!("shrinking {}", file.display()), error);
    let open = File::open(file).map_err(|error| failed(&error))?;
    let mut decoder = png::Decoder::new(BufReader::new(open));
    // Without transparency, and with one byte for each of red, green and blue.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| failed(&error))?;
    let mut pixels = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut pixels).map_err(|error| failed(&error))?;
    pixels.truncate(info.buffer_size());
    let samples = info.color_type.samples();
    let colours: Vec<Colour> =
        pixels.chunks_exact(samples).filter_map(|pixel| pixel.first_chunk::<3>().copied()).collect();
    let (palette, index) = palette(&colours);
    let indexed: Vec<u8> = colours.iter().filter_map(|colour| index.get(colour).copied()).collect();

    let to = File::create(file).map_err(|error| failed(&error))?;
    let mut encoder = png::Encoder::new(BufWriter::new(to), info.width, info.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::NoFilter);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(&indexed).map_err(|error| failed(&error))
}

/// The colours to keep, and for each colour which of them stands for it.
fn palette(colours: &[Colour]) -> (Vec<Colour>, HashMap<Colour, u8>) {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for colour in colours {
        let count = counts.entry(*colour).or_default();
        *count = count.saturating_add(1);
    }
    let mut by_count: Vec<(Colour, usize)> = counts.into_iter().collect();
    // The same palette every time, also where two occur equally often.
    by_count.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let kept: Vec<Colour> = by_count.iter().take(COLOURS).map(|(colour, _)| *colour).collect();
    let nearest = |colour: Colour| kept.iter().zip(0..=u8::MAX).min_by_key(|(one, _)| distance(**one, colour));
    let index = by_count.iter().filter_map(|(colour, _)| Some((*colour, nearest(*colour)?.1))).collect();
    (kept, index)
}

fn distance(one: Colour, other: Colour) -> u32 {
    one.into_iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}
