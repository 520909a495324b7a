// LAPACK routines of the SciPy that is installed: function pointers from scipy.linalg.cython_lapack, handed over once by
// the Python layer, so that nothing is linked. They run single-threaded inside the project's own threads.
#pragma once

namespace pyrnnsim {

// Fortran interface with 32-bit integers, as scipy.linalg.cython_lapack exports it.
using Dgesdd = void (*)(char* jobz, int* m, int* n, double* a, int* lda, double* s, double* u, int* ldu, double* vt,
                        int* ldvt, double* work, int* lwork, int* iwork, int* info);

using Dgeevx = void (*)(char* balanc, char* jobvl, char* jobvr, char* sense, int* n, double* a, int* lda, double* wr,
                        double* wi, double* vl, int* ldvl, double* vr, int* ldvr, int* ilo, int* ihi, double* scale,
                        double* abnrm, double* rconde, double* rcondv, double* work, int* lwork, int* iwork, int* info);

void set_dgesdd(Dgesdd routine);
void set_dgeevx(Dgeevx routine);

// Thin singular value decomposition of the column-major (m, n) matrix a, which is destroyed: a = u diag(s) vt with
// u (m, k), vt (k, n), k = min(m, n), both column-major. u == nullptr asks for the values alone. Throws
// std::runtime_error when the routine has not been set, fails to converge, or meets NaN.
void svd(double* a, int m, int n, double* s, double* u, double* vt);

// Eigenvalues and vectors of the column-major (n, n) matrix a, balanced and destroyed: columns of vr with A v = lambda v
// and of vl with u^H A = lambda u^H, of length 1; a conjugate pair is two columns, real and imaginary part. vl may be
// nullptr. Throws std::runtime_error as svd does.
void eigenvectors(double* a, int n, double* re, double* im, double* vl, double* vr);

}  // namespace pyrnnsim
