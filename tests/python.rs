//! To Python and back: arrays, image stacks, networks, laws and results through the files that both read. `docs/python.md` shows the same by hand.
//!
//! Runs where `MELTPOOL_PYTHON`, `python3` or `python` has numpy; says that it skips where none has. Pillow and SciPy are used where they are there.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use meltpool_ml::{Network, NetworkConfig};
use meltpool_sim::preset;
use ndarray::{Array2, Array3};
use serde_json::Value;
use symreg::{ConstantFit, Data, Export, Expression, Language};
use xray_io::{
    FrameRate, ImageSequence, Metadata, PixelSize, SequenceReader, SequenceReaderExt, TiffWriter,
    write_npy,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A Python that has these modules, if there is one.
fn python(modules: &str) -> Option<String> {
    let named = std::env::var("MELTPOOL_PYTHON").ok();
    let candidates = named
        .into_iter()
        .chain(["python3", "python"].map(str::to_owned));
    let found = candidates.into_iter().find(|program| {
        let try_import = Command::new(program)
            .args(["-c", &format!("import {modules}")])
            .output();
        try_import.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        println!(
            "SKIPPED: no python with {modules}; set MELTPOOL_PYTHON to one and run `cargo test --test python -- --nocapture`"
        );
    }
    found
}

/// Runs a script in a folder; its last line is JSON.
fn run(program: &str, folder: &Path, script: &str) -> Outcome<Value> {
    let output = Command::new(program)
        .args(["-c", script])
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(
        text.lines().last().ok_or("no output")?,
    )?)
}

/// A folder that goes away.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Outcome<Self> {
        let path =
            std::env::temp_dir().join(format!("meltpool_python_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn frames() -> Outcome<ImageSequence> {
    let plan = preset::scan_cycle(256, 256).n_frames(5).seed(3).plan()?;
    let frames = plan.record()?.frames.mapv(f32::from);
    let metadata = Metadata::new()
        .with_frame_rate(FrameRate::from_hertz(1.087e6)?)
        .with_pixel_size(PixelSize::from_micrometers(1.0)?);
    Ok(ImageSequence::new(frames)?.with_metadata(metadata)?)
}

#[test]
fn numpy_reads_what_is_written_and_writes_what_is_read() -> Outcome {
    let Some(program) = python("numpy") else {
        return Ok(());
    };
    let folder = Folder::new("numpy")?;
    let sequence = frames()?;
    write_npy(folder.0.join("film.npy"), &sequence)?;
    let seen = run(
        &program,
        &folder.0,
        r#"
import json, numpy as np
film = np.load("film.npy")
assert film.dtype == np.float32
np.save("double.npy", 2.0 * film.astype(np.float64))
np.save("big_endian.npy", film.astype(">u2"))
np.save("fortran.npy", np.asfortranarray(film))
np.savez_compressed("film.npz", film=film)
print(json.dumps({"shape": film.shape, "sum": float(film.sum(dtype=np.float64)), "at": float(film[3, 120, 90])}))
"#,
    )?;
    assert_eq!(seen["shape"], serde_json::json!([5, 256, 256]));
    let sum: f64 = sequence.view().iter().map(|v| f64::from(*v)).sum();
    assert_eq!(seen["sum"].as_f64(), Some(sum)); // counts: sums are exact
    assert_eq!(
        seen["at"].as_f64(),
        Some(f64::from(sequence.frame(3)[[120, 90]]))
    );
    for name in ["big_endian.npy", "fortran.npy", "film.npz"] {
        let back = xray_io::open(folder.0.join(name))?.read_all()?;
        assert_eq!(back.view(), sequence.view(), "{name}");
    }
    let double = xray_io::open(folder.0.join("double.npy"))?.read_all()?;
    assert_eq!(double.view(), sequence.view().mapv(|v| 2.0 * v));
    Ok(())
}

#[test]
fn pillow_reads_and_writes_stacks() -> Outcome {
    let Some(program) = python("numpy, PIL") else {
        return Ok(());
    };
    let folder = Folder::new("tiff")?;
    let sequence = frames()?;
    TiffWriter::new().write(folder.0.join("film.tif"), &sequence)?;
    let seen = run(
        &program,
        &folder.0,
        r#"
import json, numpy as np
from PIL import Image, ImageSequence
stack = Image.open("film.tif")
film = np.stack([np.array(page) for page in ImageSequence.Iterator(stack)])
pages = [Image.fromarray(page.astype(np.uint16)) for page in film]
pages[0].save("counts.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
pages = [Image.fromarray(page) for page in film]
pages[0].save("floats.tif", save_all=True, append_images=pages[1:])
print(json.dumps({"shape": film.shape, "sum": float(film.sum(dtype=np.float64))}))
"#,
    )?;
    assert_eq!(seen["shape"], serde_json::json!([5, 256, 256]));
    let sum: f64 = sequence.view().iter().map(|v| f64::from(*v)).sum();
    assert_eq!(seen["sum"].as_f64(), Some(sum));
    for name in ["counts.tif", "floats.tif"] {
        let reader = xray_io::open(folder.0.join(name))?;
        assert_eq!(reader.shape().n_frames, 5, "{name}");
        assert_eq!(reader.read_all()?.view(), sequence.view(), "{name}");
    }
    Ok(())
}

/// Weights out, changed by numpy, and back in: the format is 8 bytes of length, a header in JSON, and arrays.
#[test]
fn numpy_reads_and_writes_the_weights_of_a_network() -> Outcome {
    let Some(program) = python("numpy") else {
        return Ok(());
    };
    let folder = Folder::new("safetensors")?;
    let network = Network::new(NetworkConfig::lstm(5, 4, 1), 7)?;
    network.save(&folder.0.join("net.safetensors"))?;
    let seen = run(
        &program,
        &folder.0,
        r#"
import json, struct, numpy as np
data = open("net.safetensors", "rb").read()
(n,) = struct.unpack("<Q", data[:8])
header, body = json.loads(data[8:8 + n]), data[8 + n:]
notes = header.pop("__metadata__", {})
arrays = {k: np.frombuffer(body[slice(*v["data_offsets"])], "<f4").reshape(v["shape"]) for k, v in header.items()}
doubled = {k: (2 * a).astype("<f4") for k, a in arrays.items()}
out, offset, blob = {"__metadata__": notes}, 0, b""
for k, a in doubled.items():
    out[k] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
    offset += a.nbytes
    blob += a.tobytes()
text = json.dumps(out).encode()
text += b" " * (-len(text) % 8)
open("twice.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + blob)
print(json.dumps({"numbers": int(sum(a.size for a in arrays.values())), "sum": float(sum(a.sum(dtype=np.float64) for a in arrays.values()))}))
"#,
    )?;
    let numbers: Vec<f32> = network
        .parameters()
        .iter()
        .flat_map(|(_, _, values)| values.to_vec())
        .collect();
    assert_eq!(
        seen["numbers"].as_u64().map(|n| n as usize),
        Some(numbers.len())
    );
    let twice = Network::load(&folder.0.join("twice.safetensors"))?;
    let doubled: Vec<f32> = twice
        .parameters()
        .iter()
        .flat_map(|(_, _, values)| values.to_vec())
        .collect();
    let twice_ours: Vec<u32> = numbers.iter().map(|a| (2.0 * a).to_bits()).collect();
    let theirs: Vec<u32> = doubled.iter().map(|b| b.to_bits()).collect();
    assert_eq!(twice_ours, theirs);
    Ok(())
}

#[test]
fn python_computes_what_a_law_says() -> Outcome {
    let Some(program) = python("numpy") else {
        return Ok(());
    };
    let folder = Folder::new("law")?;
    let x: Vec<f64> = (1..40).map(|i| 0.06 * f64::from(i)).collect();
    let depth: Vec<f64> = x.iter().map(|k| 5.12 - 5.07 * (-k).exp()).collect();
    let data = Data::from_columns([("Ke", x.clone())], ("depth", depth))?;
    let model = ConstantFit::new().fit(&[Expression::parse("exp(-0.9*Ke)", &["Ke"])?], &data)?;
    std::fs::write(
        folder.0.join("law.py"),
        Export::new(Language::Python).model(&model, &data)?,
    )?;
    std::fs::write(
        folder.0.join("law.json"),
        Export::new(Language::Json).model(&model, &data)?,
    )?;
    let seen = run(
        &program,
        &folder.0,
        r#"
import json, sys, numpy as np
sys.path.insert(0, ".")
from law import law
document = json.load(open("law.json"))
print(json.dumps({"values": [float(law(0.06 * i)) for i in range(1, 40)], "keys": sorted(document)}))
"#,
    )?;
    let table = Array2::from_shape_vec((39, 1), x)?;
    let ours = model.predict(&table)?;
    let theirs = seen["values"].as_array().ok_or("values")?;
    for (ours, theirs) in ours.iter().zip(theirs) {
        // the exponential of two mathematical libraries
        assert!((ours - theirs.as_f64().ok_or("a number")?).abs() < 1e-14);
    }
    assert!(seen["keys"].as_array().is_some_and(|keys| !keys.is_empty()));
    Ok(())
}

/// An array of numbers made by numpy, through the lossless text of JSON.
#[test]
fn arrays_go_through_json_without_loss() -> Outcome {
    let Some(program) = python("numpy") else {
        return Ok(());
    };
    let folder = Folder::new("json")?;
    let values = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| {
        ((1 + i * 12 + j * 4 + k) as f64).sqrt()
    });
    let rows: Vec<f64> = values.iter().copied().collect();
    std::fs::write(
        folder.0.join("values.json"),
        serde_json::to_string(&serde_json::json!({ "shape": [2, 3, 4], "values": rows }))?,
    )?;
    let seen = run(
        &program,
        &folder.0,
        r#"
import json, numpy as np
d = json.load(open("values.json"))
a = np.array(d["values"]).reshape(d["shape"])
assert np.array_equal(a.ravel(), np.sqrt(np.arange(1, 25)))
print(json.dumps({"values": (3 * a).ravel().tolist()}))
"#,
    )?;
    let back = seen["values"].as_array().ok_or("values")?;
    for (ours, theirs) in rows.iter().zip(back) {
        assert_eq!(
            Some((3.0 * ours).to_bits()),
            theirs.as_f64().map(f64::to_bits)
        );
    }
    Ok(())
}
