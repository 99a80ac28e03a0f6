use meltpool_sim::*;
fn main() {
    let t = |name: &str, n: f64, f: &mut dyn FnMut()| { f(); let s = std::time::Instant::now(); f(); println!("{name} {:.3} ms", s.elapsed().as_secs_f64()*1e3/n); };
    let plan = preset::scan_cycle(512,512).n_frames(16).plan().unwrap();
    t("frame", 16., &mut || { std::hint::black_box(plan.frames().map(|f| f[(0,0)] as u64).sum::<u64>()); });
    let plan = preset::scan_cycle(512,512).n_frames(16).map_scene(|s| s.texture(Texture::None)).plan().unwrap();
    t("no texture", 16., &mut || { std::hint::black_box(plan.frames().map(|f| f[(0,0)] as u64).sum::<u64>()); });
    t("absorbance", 1., &mut || { std::hint::black_box(plan.absorbance(0).unwrap()); });
    t("expected", 1., &mut || { std::hint::black_box(plan.expected_photons(0).unwrap()); });
    let r = SpotRadiograph::new(128).tilt_deg(7.0);
    t("spot", 100., &mut || { for k in 0..100 { std::hint::black_box(r.frame([120.,40.,180.,170.],1,0,k).unwrap()); } });
}
