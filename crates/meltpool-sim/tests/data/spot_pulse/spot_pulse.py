"""Oracle of the spot-pulse preset: keyhole / melt pool -> X-ray frames + absorptance.  SI units inside, um outside.
The deterministic core is a pure function of (P, r0, t); every random draw comes in through the arrays `z`,
so that a port can be checked against golden vectors (see make_golden.py)."""
import numpy as np
DEF = dict(
    # --- calibrated on real 50 kHz spot runs ---
    T0=298.0, Tb=3315.0, k_eff=95.0, alpha=1.2e-5,           # surface-superheat onset law
    eta0=0.33, eta_inf=0.92, c_eta=0.50,                     # absorptance vs depth (Gan-type exponential)
    d_a=0.20, d_b=4.60, d_pow=0.30, tau_d=60e-6,             # mean keyhole depth law
    tau_u=8e-6, s_u=0.13, s_on=0.20,                         # multiplicative OU fluctuation (white at 50 kHz)
    rate_c=5000.0, c_lo=0.3, c_hi=0.8, tau_c=15e-6,          # collapse events
    wk0=23e-6, wk1=0.13, prof=(0.50,1.22,1.00,0.72,0.0),     # keyhole width law + relative profile at 0,1/4,1/2,3/4,1 of depth
    shape_cv=0.08,                                           # nuisance: width fluctuation, enters eta too
    # --- melt pool enthalpy balance ---
    rho=4430.0, cp=750.0, Tm=1928.0, Lf=2.86e5, psi=0.8, kappa=25.0, phi=2.5, R0=20e-6,
    h_R=0.55, h_d=0.50, tau_h=200e-6, h_margin=12e-6,
    # --- sensors ---
    dt=2e-6, frame_dt=20e-6, t_on=2.06e-3,
    a_white=0.010, a_plume=0.030, tau_plume=200e-6, a_gain=0.02,
    mu=3800.0, thick=0.75e-3, liq=0.05, phase=6e-12, flux=600.0, px_ref=5.28e-6, fov=676e-6, surf=0.12, jitter=8e-6, blur=0.7,
)
def eta_of(d, r0, p, shape=0.0):
    return p['eta0']+(p['eta_inf']-p['eta0'])*(1-np.exp(-p['c_eta']*(1+shape)*d/r0))
def superheat(P, r0, t, p):
    """Ts-T0 for a disc source / (Tb-T0), with flat-surface absorptance."""
    return p['eta0']*P/(np.pi**1.5*p['k_eff']*r0)*np.arctan(np.sqrt(4*p['alpha']*t)/r0)/(p['Tb']-p['T0'])
def d_eq(P, r0, t, p):
    S=superheat(P,r0,t,p)
    return np.where(S>1, r0*(p['d_a']+p['d_b']*np.sqrt(np.maximum(S-1,0))*(t/1e-3)**p['d_pow']), 0.0)
def simulate(P, r0, rng=None, p=DEF, noise=True, z=None, tail=0.0):
    """P, r0: arrays (runs,). Returns dict of (runs, frames) arrays, frame k at t=(k+1)*frame_dt after laser-on."""
    P=np.atleast_1d(np.asarray(P,float)); r0=np.broadcast_to(np.asarray(r0,float),P.shape); n=len(P)
    dt=p['dt']; nt=int(round((p['t_on']+tail)/dt)); P_on=P; every=int(round(p['frame_dt']/dt))
    dbar=np.zeros(n); dslow=np.zeros(n); R=np.full(n,p['R0']); u=np.zeros(n); sh=np.zeros(n); col=np.zeros(n); pl=np.zeros(n)
    dTm=p['Tm']-p['T0']; Hm=p['rho']*(p['cp']*dTm*p['psi']+p['Lf'])
    if z is None:
        z=dict(u=rng.standard_normal((nt,n)),s=rng.standard_normal((nt,n)),pl=rng.standard_normal((nt,n)),
               ev=rng.random((nt,n)),am=rng.random((nt,n))) if noise else None
    eu=np.exp(-dt/p['tau_u']); ep=np.exp(-dt/p['tau_plume']); ec=np.exp(-dt/p['tau_c'])
    out={k:[] for k in('t','depth','kwidth','eta','pool_half_width','pool_depth','plume','E_abs')}; E=np.zeros(n)
    for i in range(nt):
        t=(i+1)*dt; on=t<=p['t_on']+1e-12; P=P_on if on else P_on*0.0
        deq=d_eq(P_on,r0,t,p) if on else np.zeros(n)
        dbar=dbar+dt/(p['tau_d'] if on else p['tau_c'])*(deq-dbar); dbar=np.where(deq>0,dbar,0.0) if on else np.where(dbar>1e-6,dbar,0.0)
        if z is not None:
            u=eu*u+np.sqrt(1-eu*eu)*z['u'][i]; sh=eu*sh+np.sqrt(1-eu*eu)*p['shape_cv']*z['s'][i]
            pl=ep*pl+np.sqrt(1-ep*ep)*p['a_plume']*z['pl'][i]
            col=np.maximum(ec*col,np.where(z['ev'][i]<p['rate_c']*dt,p['c_lo']+(p['c_hi']-p['c_lo'])*z['am'][i],0))
        s=p['s_u']+p['s_on']*np.exp(-dbar/r0)
        d=dbar*np.maximum(1+s*u,0)*(1-col)
        kw=np.where(d>0,(p['wk0']+p['wk1']*d)*(1+sh),0.0)
        e=eta_of(d,r0,p,sh) if on else np.zeros(n); E=E+e*P*dt
        dslow=dslow+dt/p['tau_h']*(dbar-dslow)
        R=np.maximum(R+dt*np.maximum((e*P-2*np.pi*p['kappa']*dTm*p['phi']*R)/(Hm*2*np.pi*R*R),-0.5),1e-6)
        h=np.where(R>2e-6,np.maximum(p['h_R']*R+p['h_d']*dslow,d+p['h_margin']),0.0)
        if (i+1)%every==0:
            for k,v in zip(out,(np.full(n,t),d,kw,e,R,h,pl,E)): out[k].append(v.copy())
    o={k:np.array(v).T for k,v in out.items()}
    for k in('depth','kwidth','pool_half_width','pool_depth'): o[k+'_um']=o.pop(k)*1e6
    o['pool_area_um2']=np.pi/2*o['pool_half_width_um']*o['pool_depth_um']
    o['keyhole_area_um2']=0.94*o['depth_um']*o['kwidth_um']
    if noise and rng is not None:
        g=1+p['a_gain']*rng.standard_normal((n,1)); o['signal']=g*(o['eta']*(1+o['plume']))+p['a_white']*rng.standard_normal(o['eta'].shape)
    else: o['signal']=o['eta'].copy()
    return o
def render(depth_um,kwidth_um,w_um,h_um,size,rng,p=DEF,rot_deg=0.0,noise=True):
    """One frame: flat-field corrected transmission (float32). Beer-Lambert + phase edge + Poisson."""
    px=p['fov']/size; c=(np.arange(size)+0.5)*px
    X,Y=np.meshgrid(c-p['fov']/2,c-p['surf']*p['fov'])
    if rot_deg: a=np.deg2rad(rot_deg); X,Y=X*np.cos(a)-Y*np.sin(a),X*np.sin(a)+Y*np.cos(a)
    jx=p['jitter']*rng.standard_normal() if noise else 0.0
    Xj=X-jx
    d=depth_um*1e-6; wk=kwidth_um*1e-6; w=w_um*1e-6; h=h_um*1e-6
    inside=Y>=0
    q=1-(X/w)**2-(Y/h)**2; cp=np.where(inside,2*w*np.sqrt(np.maximum(q,0)),0)
    ck=np.zeros_like(X)
    if d>0:
        f=np.clip(Y/d,0,1); r=0.5*wk*np.interp(f,(0,.25,.5,.75,1),p['prof'])
        ck=np.where(inside&(Y<d),2*np.sqrt(np.maximum(r*r-Xj*Xj,0)),0)
    th=ck+p['liq']*np.maximum(cp-ck,0)
    lap=(np.roll(th,1,0)+np.roll(th,-1,0)+np.roll(th,1,1)+np.roll(th,-1,1)-4*th)/px**2
    T=np.exp(p['mu']*th)*(1-p['phase']*lap*1e0) if p['phase'] else np.exp(p['mu']*th)
    if p['blur']>0:                      # separable 3-tap binomial
        k=p['blur']/4; T=(1-2*k)*T+k*(np.roll(T,1,0)+np.roll(T,-1,0)); T=(1-2*k)*T+k*(np.roll(T,1,1)+np.roll(T,-1,1))
    T=np.where(inside,T,np.exp(p['mu']*p['thick']*0.15))
    if noise:
        N=p['flux']*(px/p['px_ref'])**2; T=rng.poisson(np.maximum(T,0.01)*N)/N/np.maximum(rng.normal(1,1/np.sqrt(N*8),T.shape),.5)
    return T.astype(np.float32)
def dataset_single(seed, size=64, P=232.0, r0=60e-6, p=DEF, with_images=True):
    """Replica of the paper's 148 samples: frames 080..227 of ONE spot run = 1 pre-laser + 101 laser-on + 46 laser-off frames."""
    rng=np.random.default_rng(seed); o=simulate([P],r0,rng,p,tail=46*p['frame_dt']-0.04e-3); Tm=20
    nf=o['eta'].shape[1]; sig=np.concatenate([p['a_white']*rng.standard_normal(Tm+1),o['signal'][0]]); d=np.concatenate([[0],o['depth_um'][0]]); h=np.concatenate([[0],o['pool_depth_um'][0]])
    w=np.concatenate([[1.0],o['pool_half_width_um'][0]]); kw=np.concatenate([[0],o['kwidth_um'][0]]); E=np.concatenate([[0],np.cumsum(o['signal'][0]*P*p['frame_dt'])]); t=np.arange(nf+1)*p['frame_dt']
    n=min(148,nf+1); seq=np.array([sig[k+1:k+1+Tm] for k in range(n)],np.float32)
    ims=np.array([render(d[k],kw[k],max(w[k],1.0),max(h[k],1.0),size,rng,p) for k in range(n)],np.float32) if with_images else np.zeros((n,1,1),np.float32)
    tr=np.stack([h[:n],d[:n]],1); lab=tr+rng.standard_normal(tr.shape)*np.array([8.0,4.0])*(tr>0)
    return dict(img=ims,seq=seq,truth=tr.astype(np.float32),label=lab.astype(np.float32),run=np.arange(n)//15,t=t[:n],E=E[:n].astype(np.float32),P=np.full(n,P),r0=np.full(n,r0))
def dataset(n_target, size, seed, p=DEF, paper_like=None, with_images=True, n_runs=None):
    """Returns imgs (n,size,size), seqs (n,T=20) signal history, truth (n,2)=[pool_depth,keyhole_depth] um, labels noisy, run id, t, P"""
    rng=np.random.default_rng(seed)
    paper_like = n_target<=404 if paper_like is None else paper_like
    if paper_like: P=np.array([220.,240.,280.,350.]); r0=np.full(4,60e-6)
    else:
        n_runs=n_runs or max(20,n_target//100); P=rng.uniform(200,380,n_runs); r0=rng.uniform(50e-6,70e-6,n_runs)
    o=simulate(P,r0,rng,p); nr,nf=o['eta'].shape
    all_idx=[(r,f) for r in range(nr) for f in range(nf)]
    keep=np.sort(rng.choice(len(all_idx),min(n_target,len(all_idx)),replace=False)); Tm=20
    ims=[];seq=[];tr=[];rid=[];tt=[];ex=[]
    pad=np.concatenate([0.006*rng.standard_normal((nr,Tm)),o['signal']],1)   # laser-off baseline before t=0
    Epad=np.concatenate([np.zeros((nr,Tm)),np.cumsum(o['signal']*P[:,None]*p['frame_dt'],1)],1)
    for j in keep:
        r,f=all_idx[j]
        if with_images: ims.append(render(o['depth_um'][r,f],o['kwidth_um'][r,f],o['pool_half_width_um'][r,f],o['pool_depth_um'][r,f],size,rng,p))
        seq.append(pad[r,f+1:f+1+Tm]); tr.append((o['pool_depth_um'][r,f],o['depth_um'][r,f])); rid.append(r); tt.append(o['t'][r,f]); ex.append(Epad[r,f+Tm])
    tr=np.array(tr); lab=tr+rng.standard_normal(tr.shape)*np.array([8.0,4.0])    # annotation noise (um)
    return dict(img=np.array(ims,np.float32),seq=np.array(seq,np.float32),truth=tr.astype(np.float32),label=lab.astype(np.float32),
                run=np.array(rid),t=np.array(tt),E=np.array(ex,np.float32),P=P[np.array(rid)],r0=r0[np.array(rid)])
