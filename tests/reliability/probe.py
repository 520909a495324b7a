import sys, warnings, traceback, re
import numpy as np
from reliability import cases, functions
sel = sys.argv[1:] 
for c in cases.LAYOUTS+cases.CONTAINERS+cases.VALUES+getattr(cases,'SHAPES',[]):
    if sel and not any(c.name.startswith(s) for s in sel): continue
    for f in functions.FUNCTIONS:
        base=cases.networks()
        try:
            nasty=c.spoil(base)
        except Exception as e:
            print(c.name,'SPOIL',e); break
        with warnings.catch_warnings(record=True) as w:
            warnings.simplefilter('always')
            try:
                got=f.call(nasty); err=None
            except Exception as e:
                err=e
        if w: print(f'{c.name:28s} {f.name:28s} WARN', {str(x.message)[:80] for x in w})
        if c.error is None:
            if err is not None:
                print(f'{c.name:28s} {f.name:28s} RAISED {type(err).__name__}: {str(err)[:160]}'); continue
            clean=c.clean(nasty)
            right = f.right(clean) if f.right else f.call(dict(zip(nasty, clean)))
            if isinstance(right, list):
                d=max(np.abs(a-b).max() if a.shape==b.shape else 9 for a,b in zip(got,right))
            else: d=np.abs(np.asarray(got)-right).max()
            if not d<=c.tolerance: print(f'{c.name:28s} {f.name:28s} DIFF {d:.2g}')
            if c.exact:
                ref=f.call(dict(zip(nasty,[np.ascontiguousarray(x) for x in clean])))
                if not np.array_equal(np.concatenate([np.ravel(x) for x in got]),np.concatenate([np.ravel(x) for x in ref])): print(f'{c.name:28s} {f.name:28s} BITS')
        else:
            if err is None: print(f'{c.name:28s} {f.name:28s} ACCEPTED', np.ravel(np.asarray(got,dtype=object))[:3]); continue
            ok=isinstance(err,(c.kind)) and re.search(c.error,str(err)) and re.match(rf"{f.caller}: {f.argument}(\[2\])?( \('gamma'\))? ",str(err))
            if not ok: print(f'{c.name:28s} {f.name:28s} BADERR {type(err).__name__}: {str(err)[:200]}')
