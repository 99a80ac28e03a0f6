"""Writes scan_cycle.csv: point values of the scan-cycle oracle, with a texture given by a formula."""
import numpy as np
from scan_cycle import Scene
from scipy.ndimage import map_coordinates
s=Scene(T=32)
Scene.vel.__defaults__=(1e-4,)  # differences close to the exact derivative
y,x=np.mgrid[0:768,0:768].astype(float)-128
s.th0=np.sqrt(2.0)*np.cos(2*np.pi*(x/37.0+y/53.0))
pts=[(r,c) for r in range(80,300,17) for c in range(80,420,23)]
rows=[]
by,bx=s.y.copy(),s.x.copy(); pool=s.pool_mask(); pw=s.pool_w*np.sqrt(np.clip(s.pool_level(s.y,s.x),0,1))*pool
metal=0.5*(1+np.tanh((s.y-s.surf)/1.0)); pos=[(p['y'],p['x']) for p in s.pores]
v,u=s.vel(s.y,s.x); psi=s.psi(s.y,s.x)
for n in range(32):
    if n>0:
        for _ in range(2): by,bx=s.step(by,bx,-0.5)
        pos=[tuple(float(q) for q in s.step(np.array(a),np.array(b),1.0)) for a,b in pos]
    if n not in (0,1,7,31): continue
    th=map_coordinates(s.th0,[by+128,bx+128],order=1,mode='wrap'); kt,kin=s.keyhole(n)
    por=np.zeros_like(s.x)
    for (a,b),p in zip(pos,s.pores): por+=2*np.sqrt(np.clip(p['r']**2-(s.y-a)**2-(s.x-b)**2,0,None))
    A=s.mu*(s.thick*metal-s.liq*pw+s.theta_std*th*pw-np.minimum(kt,s.thick)*metal-por*pool*(~kin))
    for r,c in pts: rows.append((n,r,c,psi[r,c],u[r,c],v[r,c],bx[r,c],by[r,c],kt[r,c],float(kin[r,c]),A[r,c]))
    for k,(a,b) in enumerate(pos): rows.append((n,-1,k,0,0,0,b,a,0,0,0))
    rows.append((n,-2,0,0,0,0,0,0,0,float(kin.sum()),float(pool.sum())))
with open('scan_cycle.csv','w') as f:
    f.write('frame,row,column,psi,u,v,back_x,back_y,vapor,inside,absorbance\n')
    for r in rows: f.write(','.join('%.12g'%q for q in r)+'\n')
