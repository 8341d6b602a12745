#include "fragment_test.c"
#include "out.h"
static void sp(const uint8_t*data,size_t at,size_t n,int more,int v6,int less){build_payload(&b,n);memcpy(b.p,data+at,n);if(v6){build_put(&b,6,0,at>>8,(at&0xf8)|more,0,0,1,2);build_ip6(&b,44,1,2);}else build_ip4_full(&b,6,1,2,5,(uint16_t)(at/8|(more?0x2000:0)));g_frame(&b,less);}
int main(int c,char**v){(void)c;uint8_t d[1000];for(int v6=0;v6<2;v6++){size_t n=inner_transport(d,v6);char nm[50];snprintf(nm,50,"fragments-v%d",v6?6:4);g_open(v[1],nm,101);sp(d,16,n-16,0,v6,0);sp(d,8,8,1,v6,0);sp(d,8,8,1,v6,0);sp(d,0,8,1,v6,0);sp(d,0,8,1,v6,0);fclose(gf);
 snprintf(nm,50,"fragments-overlap-v%d",v6?6:4);g_open(v[1],nm,101);sp(d,0,64,1,v6,0);sp(d+3,32,64,1,v6,8);sp(d,96,n-96,0,v6,0);sp(d,32,n-32,0,v6,0);fclose(gf);}return 0;}
